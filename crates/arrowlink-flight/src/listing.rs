//! `ListFlights`: what there is, of which criteria give the beginning of the name.

use std::sync::Arc;

use arrow_flight::{Criteria, FlightDescriptor, FlightInfo};
use arrowlink_core::{Entry, EntryStream, Error, ErrorKind, ListOptions, Result, Target};
use arrowlink_transport::{FlightCall, broken_metadata};
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};

use crate::FlightOptions;
use crate::info::flight_info;

/// Reads which names are wanted: those that begin with the criteria's text, all where it is empty.
pub(crate) fn list_options(criteria: &Criteria) -> Result<ListOptions> {
    let prefix = std::str::from_utf8(&criteria.expression)
        .map_err(|error| Error::new(ErrorKind::InvalidArgument, NOT_A_PREFIX).with_source(error))?;
    Ok(ListOptions::default().with_prefix(prefix))
}

/// Says of each entry what can be said of it before it is read.
pub(crate) fn flights(
    entries: EntryStream,
    call: FlightCall,
    options: Arc<FlightOptions>,
) -> BoxStream<'static, Result<FlightInfo>> {
    entries.and_then(move |entry| std::future::ready(flight(entry, &call, &options))).boxed()
}

fn flight(entry: Entry, call: &FlightCall, options: &FlightOptions) -> Result<FlightInfo> {
    let descriptor = FlightDescriptor::new_path(vec![entry.name.to_string()]);
    match entry.description {
        Ok(description) => flight_info(call, descriptor, &description, &Target::from(entry.name), options),
        Err(error) => {
            let metadata = broken_metadata(&error);
            Ok(FlightInfo::new().with_descriptor(descriptor).with_app_metadata(metadata))
        }
    }
}

const NOT_A_PREFIX: &str =
    "the criteria are not UTF-8: give the beginning of names, or nothing for all of them";
