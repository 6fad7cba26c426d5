//! The tables of the TPC-H benchmark, generated when they are read: `tpch://sf=1`.
//!
//! The specification (revision 3) says which rows there are, so that nothing is kept and nothing can change. A table is
//! generated in slices, which are its parts; each begins without those before it.

mod place;
mod table;
mod uri;

use arrowlink_core::{
    BatchStream, CallContext, Chunk, Dataset, Description, Error, ErrorKind, NounKind, Part, ReadOptions,
    Result,
};
use futures::future::{BoxFuture, FutureExt as _, ready};
use tokio::sync::mpsc::Sender;

use crate::QueryRuntime;
use crate::failure::internal;
use crate::running::running;

use place::Place;
use table::Slices;
pub use table::TpchTable;

/// One of the eight tables of TPC-H at some scale factor, generated batch by batch.
///
/// The rows and their order are those of the benchmark's own generator; texts are views. A read is generated on the
/// threads of the [`QueryRuntime`]; `resume` and the parts begin without generating what lies before them, `skip`
/// generates what it leaves out. The first read in a process makes the text that comments are cut from: it takes a
/// second, and 300 MB for as long as the process lives.
///
/// ```
/// use arrowlink_core::{CallContext, Dataset as _, ReadOptions};
/// use arrowlink_query::{QueryOptions, QueryRuntime, TpchDataset, TpchTable};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let runtime = QueryRuntime::new(QueryOptions::default())?;
/// let nation = TpchDataset::new(&runtime, TpchTable::Nation, 1.0)?;
/// assert_eq!(nation.describe(CallContext::new()).await?.rows, Some(25));
/// let options = ReadOptions::default().with_projection(["n_name"]).with_limit(2);
/// let batches = nation.read(CallContext::new(), options).await?.collect_batches().await?;
/// assert_eq!(batches[0].num_rows(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TpchDataset {
    runtime: QueryRuntime,
    slices: Slices,
}

impl TpchDataset {
    /// Makes the table at that scale factor: 1 is about a gigabyte in all, 0.01 ten megabytes.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for a scale factor that is not above 0 and at most 100,000.
    ///
    /// ```
    /// use arrowlink_query::{QueryOptions, QueryRuntime, TpchDataset, TpchTable};
    ///
    /// let runtime = QueryRuntime::new(QueryOptions::default())?;
    /// let error = TpchDataset::new(&runtime, TpchTable::Orders, -1.0).unwrap_err();
    /// assert_eq!(error.message(), "`-1` is not a scale factor: it is above 0 and at most 100000");
    /// # Ok::<(), arrowlink_core::Error>(())
    /// ```
    pub fn new(runtime: &QueryRuntime, table: TpchTable, scale_factor: f64) -> Result<Self> {
        if !(scale_factor > 0.0 && scale_factor <= MAX_SCALE_FACTOR) {
            let text = format!(
                "`{scale_factor}` is not a scale factor: it is above 0 and at most {MAX_SCALE_FACTOR}"
            );
            return Err(Error::new(ErrorKind::InvalidArgument, text));
        }
        Ok(Self { runtime: runtime.clone(), slices: Slices::new(table, scale_factor) })
    }

    /// Makes what `uri` stands for: all eight tables for `tpch://sf=1`, one for `tpch://sf=1/orders`.
    ///
    /// Each comes with its table's name where `uri` stands for all of them.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` where it is not such a URI; the message says which part of it is wrong.
    ///
    /// ```
    /// use arrowlink_query::{QueryOptions, QueryRuntime, TpchDataset, TpchTable};
    ///
    /// let runtime = QueryRuntime::new(QueryOptions::default())?;
    /// assert_eq!(TpchDataset::from_uri(&runtime, "tpch://sf=0.1")?.len(), 8);
    /// assert_eq!(TpchDataset::from_uri(&runtime, "tpch://sf=0.1/orders")?[0].table(), TpchTable::Orders);
    /// assert_eq!(
    ///     TpchDataset::from_uri(&runtime, "tpch://sf=1/oders").unwrap_err().message(),
    ///     "`tpch://sf=1/oders`: no table `oders`, did you mean `orders`?"
    /// );
    /// # Ok::<(), arrowlink_core::Error>(())
    /// ```
    pub fn from_uri(runtime: &QueryRuntime, uri: &str) -> Result<Vec<Self>> {
        let (scale_factor, table) = uri::parse(uri)?;
        let tables = table.map_or_else(|| TpchTable::ALL.to_vec(), |table| vec![table]);
        tables.into_iter().map(|table| Self::new(runtime, table, scale_factor)).collect()
    }

    /// Returns which table it is.
    pub const fn table(&self) -> TpchTable {
        self.slices.table
    }

    /// Starts a read at a place; columns, skip and limit are cut out of what is generated.
    fn start(&self, mut options: ReadOptions) -> Result<BatchStream> {
        let count = self.slices.count;
        if let Some(snapshot) = options.snapshot.take()
            && snapshot != self.slices.snapshot()
        {
            let text = "the snapshot is not one of this table: read again from the start";
            return Err(Error::new(ErrorKind::SnapshotChanged, text));
        }
        let parts: Vec<u32> = (0..count).collect();
        let slices = match options.take_part(&parts)? {
            None => 0..count,
            Some(part) => *part..part + 1,
        };
        let start = match options.resume.take() {
            None => Place { slice: slices.start, row: 0 },
            Some(position) => Place::decode(&position, &self.slices)?,
        };
        if !slices.contains(&start.slice) {
            let text = "the position to resume at is not in the part that is read: read it without `part`";
            return Err(Error::new(ErrorKind::InvalidArgument, text));
        }
        let generated = self.slices.clone();
        let chunks = running(&self.runtime, |sender| generate(generated, start, slices.end, sender))?;
        let stream = BatchStream::new(self.slices.table.schema(), chunks);
        Ok(options.apply(stream)?.with_snapshot(self.slices.snapshot()))
    }
}

impl Dataset for TpchDataset {
    fn describe(&self, _ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        let slices = &self.slices;
        let parts = (0..slices.count).map(|slice| Part::new(slices.rows_of(slice), None));
        let parts: Vec<Part> = if slices.count < 2 { Vec::new() } else { parts.collect() };
        let description = Description::new(NounKind::Dataset, slices.table.schema())
            .with_rows(slices.rows())
            .with_source(slices.shown())
            .with_parts(parts)
            .with_snapshot(slices.snapshot());
        ready(Ok(description)).boxed()
    }

    fn read(&self, _ctx: CallContext, options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        ready(self.start(options)).boxed()
    }
}

/// Sends the rows from `start` up to the slice `end`; ends where nobody takes them any more.
async fn generate(slices: Slices, start: Place, end: u32, chunks: Sender<Result<Chunk>>) {
    for slice in start.slice..end {
        let mut row = 0_u64;
        for batch in slices.batches(slice) {
            // Making a batch takes milliseconds: others get their turn in between, and so does a cancellation.
            tokio::task::consume_budget().await;
            let batch = match batch {
                Ok(batch) => batch,
                Err(error) => {
                    let error = internal("a row of TPC-H cannot be generated").with_source(error);
                    // Nobody to tell is no error.
                    let _ = chunks.send(Err(error)).await;
                    return;
                }
            };
            let rows = batch.num_rows() as u64;
            let passed = if slice == start.slice { start.row.saturating_sub(row).min(rows) } else { 0 };
            row += rows;
            if passed < rows {
                // Both are at most the rows of one batch, which are counted in `usize`.
                let batch = batch.slice(passed as usize, (rows - passed) as usize);
                let chunk = Chunk::new(batch).with_position(Place { slice, row }.encode(&slices));
                if chunks.send(Ok(chunk)).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// The largest scale factor that the specification names.
const MAX_SCALE_FACTOR: f64 = 100_000.0;
