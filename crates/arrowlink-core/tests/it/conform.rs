//! Batches in the schema of their dataset: other forms of the same values are taken, other values are refused.

use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BinaryViewArray, DictionaryArray, Int32Array, Int64Array, RecordBatch, RunArray, StringArray,
    StringViewArray, StructArray, UnionArray,
};
use arrow_buffer::{Buffer, ScalarBuffer};
use arrow_cast::cast;
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef, UnionFields};
use arrowlink_core::{BatchStream, Chunk, Error, ErrorKind, Plain, Position, Result};
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};

fn schema(fields: impl IntoIterator<Item = (&'static str, DataType, bool)>) -> SchemaRef {
    let fields = fields.into_iter().map(|(name, data_type, nullable)| Field::new(name, data_type, nullable));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn conformed(batch: RecordBatch, to: &SchemaRef) -> Result<RecordBatch> {
    let batches = BatchStream::from_batches(batch.schema(), vec![batch]).conformed(to)?;
    assert_eq!(batches.schema(), to);
    let mut batches = batches.collect_batches().now_or_never().unwrap()?;
    Ok(batches.remove(0))
}

/// Sends `column` in its plain form to a dataset of the type that it has, and in the type that it has to a plain one.
fn check_both_ways(column: ArrayRef) {
    let own = schema([("c", column.data_type().clone(), true)]);
    let batch = RecordBatch::try_new(Arc::clone(&own), vec![column]).unwrap();
    let plain = Plain::new(&own).apply(&batch).unwrap();
    assert_ne!(plain.schema(), own);
    let there = conformed(plain.clone(), &own).unwrap();
    assert_eq!(Plain::new(&own).apply(&there).unwrap(), plain);
    assert_eq!(conformed(batch, plain.schema_ref()).unwrap(), plain);
}

fn check_refused(batch: RecordBatch, to: &SchemaRef, text: &str) {
    let error = conformed(batch, to).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
    assert_eq!(error.message(), format!("the batches have another schema than the dataset: {text}"));
}

fn of(column: ArrayRef, nullable: bool) -> RecordBatch {
    let schema = schema([("c", column.data_type().clone(), nullable)]);
    RecordBatch::try_new(schema, vec![column]).unwrap()
}

fn texts() -> ArrayRef {
    Arc::new(StringViewArray::from(vec![
        Some("a"),
        None,
        Some("a text of more than twelve bytes"),
        Some("a"),
    ]))
}

#[test]
fn views_become_texts_and_texts_views() {
    check_both_ways(texts());
    check_both_ways(Arc::new(BinaryViewArray::from_iter([Some(b"a".as_slice()), None])));
}

#[test]
fn runs_become_values_and_values_runs() {
    let runs = RunArray::try_new(&Int32Array::from(vec![2, 3]), &StringArray::from(vec![Some("a"), None]));
    check_both_ways(Arc::new(runs.unwrap()));
}

#[test]
fn nested_values_are_given_the_form_of_the_dataset() {
    let mut lists = ListBuilder::new(StringBuilder::new());
    lists.append_value([Some("x"), None]);
    lists.append_null();
    let item: FieldRef = Arc::new(Field::new_list_field(DataType::Utf8View, true));
    let lists = cast(&lists.finish(), &DataType::List(item.clone())).unwrap();
    check_both_ways(cast(&lists, &DataType::ListView(item)).unwrap());
    check_both_ways(lists);
    let keys = Int32Array::from(vec![Some(0), None, Some(2)]);
    check_both_ways(Arc::new(DictionaryArray::<Int32Type>::new(keys, texts())));
    let field: FieldRef = Arc::new(Field::new("a", DataType::Utf8View, true));
    check_both_ways(Arc::new(StructArray::from(vec![(field, texts())])));
}

#[test]
fn columns_that_are_never_null_are_added_to_such_that_may_be() {
    let column: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let (never, maybe) = (of(Arc::clone(&column), false), of(column, true));
    let added = conformed(never.clone(), maybe.schema_ref()).unwrap();
    assert_eq!(added, maybe);
    assert!(Arc::ptr_eq(added.column(0), maybe.column(0)), "nothing is copied");
    check_refused(
        maybe,
        never.schema_ref(),
        "column `c`: expected Int64 not null, got Int64 that may be null",
    );
}

#[test]
fn items_that_are_never_null_are_added_to_such_that_may_be() {
    let list = |nullable| DataType::List(Arc::new(Field::new("item", DataType::Int64, nullable)));
    let maybe = cast(&Int64Array::from(vec![1, 2]), &list(true)).unwrap();
    let never = cast(&maybe, &list(false)).unwrap();
    assert_eq!(conformed(of(never, true), of(maybe.clone(), true).schema_ref()).unwrap(), of(maybe, true));
}

#[test]
fn other_values_are_refused_in_the_same_words() {
    let text = of(Arc::new(StringArray::from(vec!["1"])), true);
    check_refused(
        text.clone(),
        &schema([("c", DataType::Int64, true)]),
        "column `c`: expected Int64, got Utf8",
    );
    check_refused(
        text,
        &schema([("c", DataType::LargeUtf8, true)]),
        "column `c`: expected LargeUtf8, got Utf8",
    );
}

/// Arrow has no cast to a union; that is known before a row is asked for.
#[test]
fn what_cannot_be_cast_is_refused_before_the_first_batch() {
    let union = |data_type: DataType| {
        let fields = UnionFields::try_new([0], [Field::new("a", data_type, true)]).unwrap();
        DataType::Union(fields, arrow_schema::UnionMode::Sparse)
    };
    let fields = UnionFields::try_new([0], [Field::new("a", DataType::Utf8View, true)]).unwrap();
    let ids = ScalarBuffer::from(vec![0_i8; 4]);
    let values = UnionArray::try_new(fields, ids, None, vec![texts()]).unwrap();
    let batch = of(Arc::new(values), true);
    let to = schema([("c", union(DataType::Utf8), true)]);
    assert_eq!(conformed(batch.clone(), &to).unwrap().num_rows(), 4, "its plain form is the dataset's");
    let plain = Plain::new(batch.schema_ref()).apply(&batch).unwrap();
    let never: BatchStream = BatchStream::new(plain.schema(), stream::pending());
    let error = never.conformed(batch.schema_ref()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
    assert!(error.message().contains("column `c`: expected Union"), "{}", error.message());
}

#[test]
fn a_text_that_many_views_share_is_not_repeated_without_end() {
    let text = Buffer::from(vec![b'x'; 1 << 20]);
    let view = StringViewArray::from(vec!["x".repeat(1 << 20)]).views()[0];
    let views = ScalarBuffer::from(vec![view; 4096]);
    let column: ArrayRef = Arc::new(StringViewArray::try_new(views, vec![text], None).unwrap());
    let error = conformed(of(column, true), &schema([("c", DataType::Utf8, true)])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
}

#[test]
fn batches_come_one_by_one_with_what_belongs_to_them() {
    let batch = of(texts(), true);
    let chunk = Chunk::new(batch.clone()).with_position(Position::new("there"));
    let torn = Err(Error::new(ErrorKind::Corrupt, "the input is torn"));
    let chunks = stream::iter([Ok(chunk), torn]).chain(stream::pending());
    let batches = BatchStream::new(batch.schema(), chunks);
    let mut batches = batches.conformed(&schema([("c", DataType::Utf8, true)])).unwrap();
    let first = batches.try_next().now_or_never().unwrap().unwrap().unwrap();
    assert_eq!(first.position, Some(Position::new("there")));
    let error = batches.try_next().now_or_never().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(batches.next().now_or_never().is_none());
}
