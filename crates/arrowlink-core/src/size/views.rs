//! Views without the bytes that none of them refers to, however deep they lie.
//!
//! Copying an array copies its views, and these still refer to all the buffers of the array they came from.
//! Dictionaries stay whole.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, ArrayRef, make_array};
use arrow_schema::DataType;

use crate::Result;
use crate::apply::internal;

/// Returns an equal array whose views refer to buffers that have nothing else in them.
pub(super) fn collected(array: ArrayRef) -> Result<ArrayRef> {
    match array.data_type() {
        DataType::Utf8View => Ok(Arc::new(array.as_string_view().gc())),
        DataType::BinaryView => Ok(Arc::new(array.as_binary_view().gc())),
        nested if has_views(nested) => {
            let data = array.to_data();
            let children = data.child_data().iter().map(|child| collected(make_array(child.clone())));
            let children = children.map(|child| Ok(child?.to_data())).collect::<Result<_>>()?;
            data.into_builder().child_data(children).build().map(make_array).map_err(internal)
        }
        _ => Ok(array),
    }
}

/// Says whether an array of `data_type` is one of views, or has some within.
pub(crate) fn has_views(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8View | DataType::BinaryView => true,
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _)
        | DataType::RunEndEncoded(_, item) => has_views(item.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| has_views(field.data_type())),
        DataType::Union(fields, _) => fields.iter().any(|(_, field)| has_views(field.data_type())),
        _ => false,
    }
}
