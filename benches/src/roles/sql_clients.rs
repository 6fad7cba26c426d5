//! ArrowLink's client as one who asks queries, and as many who ask short ones at once.

use std::sync::Arc;
use std::time::Instant;

use arrow_array::RecordBatch;
use arrowlink_core::{CallContext, DataService, Query, ReadOptions, Target};
use futures::TryStreamExt as _;
use futures::future::{join_all, try_join_all};
use tokio::runtime::Builder;

use super::datafusion_process::taken;
use super::our_client::connect_to;
use crate::Failure;
use crate::turn::{self, Turn};

/// Asks a query for each turn.
pub(crate) fn ask(uri: &str) -> Result<(), Failure> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let service = runtime.block_on(connect_to(uri, None))?;
    turn::answer_questions(|query| runtime.block_on(asked(service.as_ref(), query)))
}

/// Asks over `count` connections at once, `each` queries over each of them in a turn. What is asked for are several
/// queries, separated by semicolons, with which each connection begins at another place.
///
/// The turn has the times of those that were answered, and why others were not.
pub(crate) fn ask_at_once(uri: &str, count: usize, each: usize) -> Result<(), Failure> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let services = runtime.block_on(try_join_all((0..count).map(|_| connect_to(uri, None))))?;
    turn::answer_questions(|queries| {
        let queries: Vec<&str> = queries.split(';').map(str::trim).collect();
        let askers = services.iter().enumerate().map(|(at, service)| {
            let queries = queries.iter().cycle().skip(at % queries.len()).take(each).copied();
            one_of_many(service, queries.collect())
        });
        let answers = runtime.block_on(join_all(askers));
        Ok(answers.into_iter().flatten().fold(Turn::default(), add))
    })
}

fn add(mut sum: Turn, answer: Result<Turn, Failure>) -> Turn {
    match answer {
        Ok(turn) => {
            sum.rows += turn.rows;
            sum.seconds.extend(turn.seconds);
        }
        Err(error) => sum.failures.push(turn::words(error.as_ref())),
    }
    sum
}

async fn one_of_many(service: &Arc<dyn DataService>, queries: Vec<&str>) -> Vec<Result<Turn, Failure>> {
    let mut answers = Vec::with_capacity(queries.len());
    for query in queries {
        answers.push(asked(service.as_ref(), query).await);
    }
    answers
}

async fn asked(service: &dyn DataService, query: &str) -> Result<Turn, Failure> {
    let start = Instant::now();
    let target = Target::Sql(Query::new(query));
    let stream = service.read(CallContext::new(), target, ReadOptions::default()).await?;
    let batches: Vec<RecordBatch> = stream.map_ok(|chunk| chunk.batch).try_collect().await?;
    taken(&batches, start)
}
