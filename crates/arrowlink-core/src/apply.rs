//! Projection, skip and limit over any stream, for sources that cannot do them on their own.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use futures::stream::BoxStream;
use futures::{StreamExt as _, stream};

use crate::near::{quoted, suggestion};
use crate::{BatchStream, Chunk, Error, ErrorKind, ReadOptions, Result};

impl ReadOptions {
    /// Applies projection, skip and limit to a stream of whole rows. Batches are cut, never merged or copied.
    ///
    /// A source that answers an option itself takes it out of the options before; one that is left and cannot be
    /// answered here (`part`, `snapshot`, `resume`, `follow`) is refused. The stream ends as soon as the limit is reached. A
    /// chunk whose last rows were cut off has no position, because a source knows only those between its chunks.
    ///
    /// ```
    /// use arrow_array::record_batch;
    /// use arrowlink_core::{BatchStream, ReadOptions};
    ///
    /// # futures::executor::block_on(async {
    /// let batch = record_batch!(("id", Int64, [1, 2, 3]), ("value", Float64, [0.5, 1.5, 2.5])).unwrap();
    /// let whole = BatchStream::from_batches(batch.schema(), vec![batch]);
    /// let part = ReadOptions::default().with_projection(["id"]).with_skip(1).with_limit(1).apply(whole).unwrap();
    /// assert_eq!(part.collect_batches().await.unwrap(), [record_batch!(("id", Int64, [2])).unwrap()]);
    /// # });
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidArgument` where a column is not there or is named twice, `Unsupported` where `part`, `snapshot`, `resume`
    /// or `follow` is set.
    pub fn apply(self, batches: BatchStream) -> Result<BatchStream> {
        self.refuse_beyond_rows()?;
        if self.resume.is_some() {
            return Err(unsupported("`resume`: its reads cannot be continued, read it from the start"));
        }
        if self.snapshot.is_some() {
            return Err(unsupported("`snapshot`: it has no states, read what there is now"));
        }
        let projection = Projection::new(batches.schema(), &self)?;
        if projection.is_whole() && self.skip == 0 && self.limit.is_none() {
            return Ok(batches);
        }
        let schema = SchemaRef::clone(projection.schema());
        let window = Window { skip: self.skip, limit: self.limit.unwrap_or(u64::MAX) };
        Ok(batches.map_chunks(schema, |chunks| cut(chunks, window, projection)))
    }

    /// Finds the columns of the projection in `schema`; `None` where all are asked for.
    ///
    /// For sources that can leave out columns themselves, with the same errors as everywhere:
    ///
    /// ```
    /// use arrow_schema::{DataType, Field, Schema};
    /// use arrowlink_core::ReadOptions;
    ///
    /// let schema = Schema::new(vec![
    ///     Field::new("id", DataType::Int64, false),
    ///     Field::new("value", DataType::Float64, true),
    /// ]);
    /// let options = ReadOptions::default().with_projection(["value"]);
    /// assert_eq!(options.column_indices(&schema)?, Some(vec![1]));
    ///
    /// let error = ReadOptions::default().with_projection(["vaule"]).column_indices(&schema).unwrap_err();
    /// assert_eq!(
    ///     error.message(),
    ///     "no column `vaule`, did you mean `value`? the columns are `id`, `value`"
    /// );
    /// # Ok::<(), arrowlink_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidArgument` where a column is not there (the message has the valid ones and the nearest) or is named
    /// twice.
    pub fn column_indices(&self, schema: &Schema) -> Result<Option<Vec<usize>>> {
        let Some(columns) = &self.projection else { return Ok(None) };
        let mut indices = Vec::with_capacity(columns.len());
        for column in columns.iter() {
            let (index, _) = schema.fields().find(column).ok_or_else(|| unknown_column(column, schema))?;
            if indices.contains(&index) {
                return Err(Error::new(
                    ErrorKind::InvalidArgument,
                    format!("column `{column}` is asked for twice: name it once"),
                ));
            }
            indices.push(index);
        }
        Ok(Some(indices))
    }

    /// Refuses `part` and `follow`, which tables without parts and without an end to come cannot answer.
    ///
    /// A table that has parts takes `part` out of the options first, with [`take_part`](Self::take_part).
    ///
    /// # Errors
    ///
    /// `Unsupported` where one of them is set.
    ///
    /// ```
    /// use arrowlink_core::{ErrorKind, ReadOptions};
    ///
    /// assert!(ReadOptions::default().with_limit(5).refuse_beyond_rows().is_ok());
    /// let error = ReadOptions::default().with_follow(true).refuse_beyond_rows().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Unsupported);
    /// ```
    pub fn refuse_beyond_rows(&self) -> Result<()> {
        if let Some(part) = self.part {
            return Err(unsupported(&format!("`part`: it is not divided, part {part} cannot be read alone")));
        }
        if self.follow {
            return Err(unsupported("`follow`: it is a dataset, only streams are followed"));
        }
        Ok(())
    }
}

/// Which columns of a batch are kept, and the schema they have then.
#[derive(Clone, Debug)]
pub(crate) struct Projection {
    schema: SchemaRef,
    indices: Option<Arc<[usize]>>,
}

impl Projection {
    /// Finds the columns that `options` ask for in `schema`.
    pub(crate) fn new(schema: &SchemaRef, options: &ReadOptions) -> Result<Self> {
        let Some(indices) = options.column_indices(schema)? else {
            return Ok(Self { schema: SchemaRef::clone(schema), indices: None });
        };
        let projected = schema.project(&indices).map_err(internal)?;
        Ok(Self { schema: Arc::new(projected), indices: Some(indices.into()) })
    }

    pub(crate) const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    const fn is_whole(&self) -> bool {
        self.indices.is_none()
    }

    /// Returns the columns of `batch`, without copying them.
    pub(crate) fn of(&self, batch: RecordBatch) -> Result<RecordBatch> {
        match &self.indices {
            None => Ok(batch),
            Some(indices) => batch
                .project(indices)
                .and_then(|batch| batch.with_schema(SchemaRef::clone(&self.schema)))
                .map_err(internal),
        }
    }
}

/// How many rows are still left out, and how many may still be returned.
#[derive(Clone, Copy, Debug)]
struct Window {
    skip: u64,
    limit: u64,
}

fn cut(
    chunks: BoxStream<'static, Result<Chunk>>,
    window: Window,
    projection: Projection,
) -> BoxStream<'static, Result<Chunk>> {
    stream::try_unfold((chunks, window, projection), |(mut chunks, mut window, projection)| async move {
        while window.limit > 0 {
            let Some(chunk) = chunks.next().await.transpose()? else { return Ok(None) };
            if let Some(mut chunk) = window.cut(chunk) {
                chunk.batch = projection.of(chunk.batch)?;
                return Ok(Some((chunk, (chunks, window, projection))));
            }
        }
        Ok(None)
    })
    .boxed()
}

impl Window {
    /// Takes the chunk's rows out of what is still to skip and to return; `None` where nothing of it is left.
    fn cut(&mut self, mut chunk: Chunk) -> Option<Chunk> {
        let rows = chunk.batch.num_rows() as u64;
        let skipped = rows.min(self.skip);
        let kept = (rows - skipped).min(self.limit);
        self.skip -= skipped;
        self.limit -= kept;
        if kept == rows {
            return Some(chunk);
        }
        if kept < rows - skipped {
            chunk.position = None;
        }
        // Both are at most the rows of one batch, which are counted in `usize`.
        chunk.batch = chunk.batch.slice(skipped as usize, kept as usize);
        (kept > 0).then_some(chunk)
    }
}

/// Says that there is no such column, which one is nearest, and which ones there are (the first 40).
pub(crate) fn unknown_column(column: &str, schema: &Schema) -> Error {
    let names = || schema.fields().iter().map(|field| field.name().as_str());
    let hint = suggestion(column, names());
    let shown = quoted(names().take(MOST_LISTED), ", ");
    let more = schema.fields().len().saturating_sub(MOST_LISTED);
    let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
    let hint = if hint.is_empty() { ": " } else { &format!("{hint} ") };
    Error::new(ErrorKind::InvalidArgument, format!("no column `{column}`{hint}the columns are {shown}{rest}"))
}

fn unsupported(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("this dataset does not answer {what}"))
}

/// What Arrow refuses of arrays that were checked before is a bug of this crate.
pub(crate) fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Internal, "a batch was built against the rules of Arrow").with_source(error)
}

/// How many column names a message has at most.
const MOST_LISTED: usize = 40;
