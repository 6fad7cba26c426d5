//! SQL over types that the engine does not compute with: it sees others, and rows go back to the types of their dataset.

use std::sync::Arc;

use arrow_array::builder::{Int64Builder, ListBuilder, MapBuilder, StringBuilder, StructBuilder};
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int8Type, Int16Type, Int32Type};
use arrow_array::{
    Array, ArrayRef, Decimal32Array, Decimal64Array, DictionaryArray, FixedSizeListArray, Int16Array,
    Int32Array, Int64Array, ListArray, ListViewArray, RecordBatch, RunArray, StringArray, StructArray,
    UnionArray,
};
use arrow_buffer::OffsetBuffer;
use arrow_cast::pretty::pretty_format_batches;
use arrow_schema::{DataType, Field, Fields, UnionFields};
use arrowlink_core::{
    CallContext, DataService as _, DataServiceExt as _, ErrorKind, Query, ReadOptions, Result, Target,
};
use arrowlink_query::SqlService;

use crate::files::parquet;
use crate::sql::{count, name, query, service};
use crate::sql_files;
use crate::support::{Folder, check};

/// Serves `column` as `c` of the dataset `t`, which may be appended to, beside a column `i` that counts from 1.
async fn serve(column: ArrayRef) -> SqlService {
    let service = service();
    append(&service, column).await;
    service
}

async fn append(service: &SqlService, column: ArrayRef) {
    let batch = numbered(column);
    service.append(&name("t"), batch.schema(), vec![batch]).await.unwrap();
}

/// Serves the same from a Parquet file, which says the types of Arrow too.
async fn serve_file(column: ArrayRef) -> (Folder, SqlService) {
    let folder = Folder::new();
    folder.write("t.parquet", parquet(&numbered(column), 10));
    let service = sql_files::serve(&folder, &["t.parquet"]).await;
    (folder, service)
}

fn numbered(column: ArrayRef) -> RecordBatch {
    let numbers: Int64Array = (1..=column.len() as i64).collect();
    let columns = [("i", Arc::new(numbers) as ArrayRef, false), ("c", column, true)];
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

/// Returns the rows of a statement as text, `|` between values; they have the schema that was promised.
async fn ask(service: &SqlService, text: &str) -> Result<Vec<String>> {
    let described = service.describe(CallContext::new(), Query::new(text).into()).await?;
    let rows = query(service, Query::new(text)).await?;
    assert_eq!(described.schema, rows.schema(), "{text}");
    let shown = pretty_format_batches(&[rows]).unwrap().to_string();
    let rows = shown.lines().skip(3).filter(|line| line.starts_with('|'));
    Ok(rows
        .map(|row| row.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>().join("|"))
        .collect())
}

/// Asserts what a statement returns.
async fn answers(service: &SqlService, text: &str, expected: &[&str]) {
    assert_eq!(ask(service, text).await.unwrap(), expected, "{text}");
}

/// Asserts which type the column `c` has in SQL, wherever that is told.
async fn has_type(service: &SqlService, expected: &DataType) {
    let query = Query::new("select c from t");
    let described = service.describe(CallContext::new(), query.into()).await.unwrap();
    assert_eq!(described.schema.field(0).data_type(), expected);
    let computed = ask(service, "select arrow_typeof(c) from t limit 1").await.unwrap();
    let text =
        "select data_type from information_schema.columns where table_name = 't' and column_name = 'c'";
    assert_eq!(ask(service, text).await.unwrap(), computed);
    assert_eq!(computed, [expected.to_string()]);
}

/// Asserts that rows of `t` that are inserted are stored in the types of the dataset.
async fn takes_its_own_rows(service: &SqlService, own: &DataType) {
    let before = ask(service, "select i, c from t").await.unwrap();
    let inserted = count(service, "insert into t select i, c from t").await.unwrap();
    assert_eq!(inserted as usize, before.len());
    let stored = service.read(CallContext::new(), Target::Name(name("t")), ReadOptions::default()).await;
    assert_eq!(stored.unwrap().schema().field(1).data_type(), own);
    assert_eq!(ask(service, "select i, c from t").await.unwrap(), [before.clone(), before].concat());
}

/// `{a: 1, b: "x"}`, null over 7 and "y", `{a: null, b: "z"}`.
fn structs() -> StructArray {
    let fields = vec![Field::new("a", DataType::Int64, true), Field::new("b", DataType::Utf8, true)];
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(7), None]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["x", "y", "z"]));
    StructArray::new(fields.into(), vec![numbers, texts], Some(vec![true, false, true].into()))
}

#[tokio::test]
async fn fields_of_a_null_struct_are_null() {
    let service = serve(Arc::new(structs())).await;
    answers(&service, "select c['a'], c['b'] from t", &["1|x", "|", "|z"]).await;
    answers(&service, "select i from t where c['a'] = 7 or c['b'] = 'y'", &[]).await;
    answers(&service, "select i from t where c['b'] is null", &["2"]).await;
    answers(&service, "select count(c['a']), sum(c['a']), max(c['b']) from t", &["1|1|z"]).await;
    takes_its_own_rows(&service, structs().data_type()).await;
}

#[tokio::test]
async fn structs_without_nulls_are_passed_on_memory_and_all() {
    let texts = StringArray::from(vec!["x", "y"]);
    let memory = texts.value_data().as_ptr();
    let field = Arc::new(Field::new("b", DataType::Utf8, true));
    let structs = Arc::new(StructArray::from(vec![(field, Arc::new(texts) as ArrayRef)]));
    let item = Arc::new(Field::new_list_field(structs.data_type().clone(), true));
    let service = serve(Arc::new(FixedSizeListArray::new(item, 1, structs, None))).await;
    let rows = query(&service, Query::new("select c from t")).await.unwrap();
    let structs = rows.column(0).as_fixed_size_list().values().as_struct();
    assert_eq!(structs.column(0).as_string::<i32>().value_data().as_ptr(), memory);
    assert!(structs.nulls().is_none() && structs.column(0).nulls().is_none());
}

#[tokio::test]
async fn fields_of_a_null_struct_are_null_where_they_could_not_be() {
    let inner = Fields::from(vec![Field::new("a", DataType::Int64, false)]);
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
    let inner_array = StructArray::new(inner.clone(), vec![numbers], None);
    let outer = Fields::from(vec![Field::new("in", DataType::Struct(inner), false)]);
    let nulls = Some(vec![true, false, true].into());
    let outer = Arc::new(StructArray::new(outer, vec![Arc::new(inner_array)], nulls)) as ArrayRef;
    let service = serve(Arc::clone(&outer)).await;
    answers(&service, "select c['in']['a'] from t", &["1", "", "3"]).await;
    answers(&service, "select i from t where c['in']['a'] is null", &["2"]).await;
    let (_folder, stored) = serve_file(Arc::clone(&outer)).await;
    answers(&stored, "select c['in']['a'] from t", &["1", "", "3"]).await;
    answers(&stored, "select i from t where c['in']['a'] is null", &["2"]).await;
    takes_its_own_rows(&service, outer.data_type()).await;
}

#[tokio::test]
async fn null_structs_in_lists_and_maps_have_null_fields() {
    let fields = vec![Field::new("a", DataType::Int64, true)];
    let mut lists = ListBuilder::new(StructBuilder::from_fields(fields.clone(), 0));
    let mut maps = MapBuilder::new(None, StringBuilder::new(), StructBuilder::from_fields(fields, 0));
    for number in [Some(1), None, Some(3)] {
        for list in [lists.values(), maps.values()] {
            list.field_builder::<Int64Builder>(0).unwrap().append_value(number.unwrap_or(9));
            list.append(number.is_some());
        }
        maps.keys().append_value("k");
        lists.append(true);
        maps.append(true).unwrap();
    }
    let service = serve(Arc::new(lists.finish().slice(1, 2))).await;
    answers(&service, "select c[1]['a'] from t", &["", "3"]).await;
    answers(&service, "select i, unnest(c)['a'] as a from t", &["1|", "2|3"]).await;
    let service = serve(Arc::new(maps.finish().slice(1, 2))).await;
    answers(&service, "select c['k']['a'] from t", &["", "3"]).await;
    let item = Arc::new(Field::new_list_field(structs().data_type().clone(), true));
    let service = serve(Arc::new(FixedSizeListArray::new(item, 1, Arc::new(structs()), None))).await;
    answers(&service, "select c[1]['b'] from t", &["x", "", "z"]).await;
}

#[tokio::test]
async fn rows_of_nested_columns_that_are_never_null_have_the_types_that_are_promised() {
    let item = Arc::new(Field::new("item", DataType::Int64, false));
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3, 4]));
    let lists = |numbers: &ArrayRef| -> ArrayRef {
        let offsets = OffsetBuffer::from_lengths([2, 2]);
        Arc::new(ListArray::new(Arc::clone(&item), offsets, Arc::clone(numbers), None))
    };
    let required = Fields::from(vec![Field::new("a", DataType::Int64, false)]);
    let structs: ArrayRef = Arc::new(StructArray::new(required, vec![numbers.slice(0, 2)], None));
    let pairs: ArrayRef = Arc::new(FixedSizeListArray::new(Arc::clone(&item), 2, Arc::clone(&numbers), None));
    for column in [lists(&numbers), structs, pairs] {
        let service = serve(column).await;
        for text in [
            "select c, row_number() over (order by i) from t",
            "select b.c from t a left join t b on a.i = b.i",
            "select distinct on (i) c from t",
        ] {
            let read =
                service.read(CallContext::new(), Query::new(text).into(), ReadOptions::default()).await;
            let rows = read.unwrap().collect_batches().await.unwrap();
            assert_eq!(rows.iter().map(RecordBatch::num_rows).sum::<usize>(), 2, "{text}");
            for row in rows {
                let types = row.columns().iter().map(|column| column.data_type());
                assert!(types.eq(row.schema().fields().iter().map(|field| field.data_type())), "{text}");
            }
        }
    }
}

#[tokio::test]
async fn small_decimals_keep_their_fraction() {
    let small = Decimal32Array::from(vec![Some(125), None, Some(-50), Some(9_999_999)]);
    let small = small.with_precision_and_scale(7, 2).unwrap();
    let values = [Some(125), None, Some(-50), Some(9_999_999)];
    let large = Decimal64Array::from(values.to_vec()).with_precision_and_scale(7, 2).unwrap();
    for column in [Arc::new(small) as ArrayRef, Arc::new(large)] {
        let (service, own) = (serve(Arc::clone(&column)).await, column.data_type());
        has_type(&service, &DataType::Decimal128(7, 2)).await;
        answers(&service, "select c + 1, c * 2, coalesce(c, 0) from t where i = 1", &["2.25|2.50|1.25"])
            .await;
        answers(&service, "select sum(c), min(c), max(c) from t", &["100000.74|-0.50|99999.99"]).await;
        answers(&service, "select avg(c) from t where i in (1, 3)", &["0.375000"]).await;
        answers(&service, "select i from t where c = 1.25 or c < 0 order by c", &["3", "1"]).await;
        takes_its_own_rows(&service, own).await;
        let error = count(&service, "insert into t values (9, 123456.78)").await.unwrap_err();
        check(&error, ErrorKind::InvalidArgument, &[]);
        let (_folder, stored) = serve_file(column).await;
        has_type(&stored, &DataType::Decimal128(7, 2)).await;
        answers(&stored, "select c + 1, c * 2, coalesce(c, 0) from t where i = 1", &["2.25|2.50|1.25"]).await;
        answers(&stored, "select sum(c), min(c), max(c) from t", &["100000.74|-0.50|99999.99"]).await;
        answers(&stored, "select i from t where c = 1.25 or c < 0 order by c", &["3", "1"]).await;
    }
}

#[tokio::test]
async fn small_decimals_within_others_keep_their_fraction() {
    let small = || Decimal32Array::from(vec![125, 250]).with_precision_and_scale(7, 2).unwrap();
    let item = Arc::new(Field::new_list_field(small().data_type().clone(), true));
    let list = Arc::new(FixedSizeListArray::new(item, 1, Arc::new(small()), None)) as ArrayRef;
    let field = Arc::new(Field::new("d", small().data_type().clone(), true));
    let structs = Arc::new(StructArray::from(vec![(field, Arc::new(small()) as ArrayRef)])) as ArrayRef;
    for (column, text) in [(list, "select c[1] + 1 from t"), (structs, "select c['d'] + 1 from t")] {
        let service = serve(Arc::clone(&column)).await;
        answers(&service, text, &["2.25", "3.50"]).await;
        takes_its_own_rows(&service, column.data_type()).await;
        let (_folder, stored) = serve_file(column).await;
        answers(&stored, text, &["2.25", "3.50"]).await;
    }
}

#[tokio::test]
async fn runs_are_the_values_that_they_stand_for() {
    let texts = StringArray::from(vec![Some("a"), Some("b"), None]);
    let runs: ArrayRef =
        Arc::new(RunArray::<Int32Type>::try_new(&Int32Array::from(vec![2, 3, 4]), &texts).unwrap());
    let service = serve(Arc::clone(&runs)).await;
    has_type(&service, &DataType::Utf8).await;
    answers(&service, "select case when i = 1 then c end from t", &["a", "", "", ""]).await;
    answers(&service, "select max(c), count(c), count(distinct c) from t", &["b|3|2"]).await;
    answers(&service, "select lag(c) over (order by i) from t", &["", "a", "a", "b"]).await;
    answers(&service, "select i from t where c = 'b' or c is null", &["3", "4"]).await;
    answers(&service, "select c from t where i > 1 limit 2", &["a", "b"]).await;
    takes_its_own_rows(&service, runs.data_type()).await;
    let short: ArrayRef = Arc::new(
        RunArray::<Int16Type>::try_new(&Int16Array::from(vec![3]), &StringArray::from(vec!["x"])).unwrap(),
    );
    let item = Arc::new(Field::new_list_field(short.data_type().clone(), true));
    let lists = FixedSizeListArray::new(item, 3, short, None);
    answers(&serve(Arc::new(lists)).await, "select c[2] || 'y' from t", &["xy"]).await;
}

#[tokio::test]
async fn runs_that_become_much_larger_are_many_batches() {
    let (ends, text) = (Int32Array::from(vec![100]), "x".repeat(1 << 20));
    let runs = RunArray::<Int32Type>::try_new(&ends, &StringArray::from(vec![text])).unwrap();
    let service = serve(Arc::new(runs)).await;
    answers(&service, "select count(*), sum(length(c)), max(i) from t", &["100|104857600|100"]).await;
    let rows = service.read(CallContext::new(), Query::new("select c from t").into(), ReadOptions::default());
    assert!(rows.await.unwrap().collect_batches().await.unwrap().len() > 1);
}

#[tokio::test]
async fn categories_of_many_appends_may_be_more_than_small_keys_count() {
    let service = service();
    let batch = |first: usize| {
        let texts: Vec<String> = (first..first + 100).map(|number| format!("{number:03}")).collect();
        let texts: DictionaryArray<Int8Type> = texts.iter().map(|text| Some(text.as_str())).collect();
        Arc::new(texts) as ArrayRef
    };
    for first in [0, 100, 200] {
        append(&service, batch(first)).await;
    }
    let seen = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    has_type(&service, &seen).await;
    for text in [
        "select c from t order by c",
        "select c from t group by c order by c",
        "select distinct c from t order by c",
    ] {
        let rows = ask(&service, text).await.unwrap();
        assert_eq!((rows.len(), rows[150].as_str()), (300, "150"), "{text}");
    }
    answers(&service, "select count(*), max(a.c) from t a join t b on a.c = b.c", &["300|299"]).await;
    assert_eq!(
        count(&service, "insert into t select 1, c from t where c < '005' or c > '295'").await.unwrap(),
        9
    );
    answers(&service, "select count(*), count(distinct c) from t", &["309|300"]).await;
    let (_folder, stored) = serve_file(batch(0)).await;
    has_type(&stored, &seen).await;
    answers(&stored, "select min(c), count(distinct c) from t where c > '050'", &["051|49"]).await;
}

#[tokio::test]
async fn more_categories_than_the_keys_of_a_dataset_count_are_refused() {
    let service = serve(Arc::new(["a"].into_iter().collect::<DictionaryArray<Int8Type>>())).await;
    let text = "insert into t select v, cast(v as text) as w from (select unnest(range(1, 301)) as v)";
    let error = count(&service, text).await.unwrap_err();
    check(&error, ErrorKind::InvalidArgument, &["column `c`", "Int8"]);
    answers(&service, "select count(*) from t", &["1"]).await;
}

#[tokio::test]
async fn what_the_engine_does_not_compute_with_is_said_to_be_so() {
    let item = || Arc::new(Field::new_list_field(DataType::Int64, true));
    let values = || Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef;
    let views = ListViewArray::new(item(), vec![0, 1].into(), vec![1, 1].into(), values(), None);
    let mut maps = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
    maps.append(true).unwrap();
    let fields = UnionFields::try_new(vec![0], vec![Field::new("a", DataType::Int64, true)]).unwrap();
    let union = UnionArray::try_new(fields, vec![0, 0].into(), None, vec![values()]).unwrap();
    for column in [Arc::new(views) as ArrayRef, Arc::new(maps.finish()), Arc::new(union)] {
        let service = serve(column).await;
        for text in ["select min(c) from t", "select max(c) over (order by i) from t"] {
            let error = ask(&service, text).await.unwrap_err();
            check(&error, ErrorKind::Unsupported, &["not implemented for type"]);
            assert!(!error.chain().contains("bug"), "{}", error.chain());
        }
    }
    let service = service();
    for text in ["select max(struct([id])) from trips", "select min(struct(struct([id], 1))) from trips"] {
        let error = ask(&service, text).await.unwrap_err();
        check(&error, ErrorKind::Unsupported, &["values of this type are not compared here"]);
        assert!(!error.chain().contains("Struct"), "{}", error.chain());
    }
    let service = serve(Arc::new(StructArray::new_empty_fields(2, None))).await;
    for text in [
        "select c from t group by c",
        "select i, c from t group by rollup (i, c)",
        "select distinct c from t",
        "select c from t union select c from t",
        "select c from t intersect select c from t",
        "select distinct on (c) i from t",
        "select count(distinct c) from t",
        "select max(i), count(distinct [c]) from t",
        "select i from t where i = (select count(distinct c) from t)",
    ] {
        let error = ask(&service, text).await.unwrap_err();
        check(&error, ErrorKind::Unsupported, &["structs without fields"]);
        assert_eq!(error.chain(), "structs without fields are not compared here: leave the column out");
    }
    answers(&service, "select i from t order by c, i", &["1", "2"]).await;
}
