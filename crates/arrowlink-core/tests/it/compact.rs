//! What is compacted is equal, and keeps nothing but its rows in memory.

use std::sync::Arc;

use arrow_array::builder::{ListBuilder, ListViewBuilder, StringViewBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{Array as _, ArrayRef, RecordBatch, RunArray, StringViewArray, StructArray};
use arrow_array::{BinaryViewArray, Int32Array};
use arrow_schema::{DataType, Field};
use arrowlink_core::compact;

fn texts() -> impl Iterator<Item = String> {
    (0..10_000).map(|row| format!("a text of more than twelve bytes, {row}"))
}

fn check(column: ArrayRef) {
    let few = RecordBatch::try_from_iter([("column", column)]).unwrap().slice(5_000, 10);
    let copy = compact(&few).unwrap();
    assert_eq!(copy, few);
    let bytes = copy.column(0).get_buffer_memory_size();
    assert!(bytes < 4_000, "{} takes {bytes} bytes", few.column(0).data_type());
}

#[test]
fn a_few_views_take_little() {
    check(Arc::new(StringViewArray::from_iter_values(texts())));
    check(Arc::new(BinaryViewArray::from_iter_values(texts())));
}

#[test]
fn a_few_views_take_little_however_deep_they_lie() {
    let views: ArrayRef = Arc::new(StringViewArray::from_iter_values(texts()));
    let field = Arc::new(Field::new("view", DataType::Utf8View, false));
    check(Arc::new(StructArray::from(vec![(field, Arc::clone(&views))])));

    let ends: Int32Array = (1..=10_000).collect();
    check(Arc::new(RunArray::<Int32Type>::try_new(&ends, &views).unwrap()));

    let mut lists = ListBuilder::new(ListBuilder::new(StringViewBuilder::new()));
    let mut list_views = ListViewBuilder::new(StringViewBuilder::new());
    for text in texts() {
        lists.values().append_value([Some(&text), None]);
        lists.append(true);
        list_views.append_value([Some(&text), None]);
    }
    check(Arc::new(lists.finish()));
    check(Arc::new(list_views.finish()));
}
