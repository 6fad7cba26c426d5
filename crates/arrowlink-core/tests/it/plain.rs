//! Plain types: the same values without views and runs, whatever they are nested in and sliced from.

use std::sync::Arc;

use arrow_array::builder::{ListBuilder, MapBuilder, StringBuilder, StringViewBuilder};
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int16Type, Int32Type};
use arrow_array::{
    Array as _, ArrayRef, BinaryViewArray, DictionaryArray, FixedSizeListArray, Int16Array, Int32Array,
    LargeListViewArray, ListArray, ListViewArray, RecordBatch, RunArray, StringArray, StringViewArray,
    StructArray, UnionArray, make_array,
};
use arrow_buffer::{Buffer, OffsetBuffer};
use arrow_cast::pretty::pretty_format_batches;
use arrow_data::{ArrayData, ByteView};
use arrow_schema::{DataType, Field, FieldRef, UnionFields};
use arrowlink_core::{BatchStream, Chunk, ErrorKind, Plain, Position};
use futures::StreamExt as _;
use futures::executor::block_on;

fn texts() -> StringViewArray {
    StringViewArray::from(vec![Some("a"), None, Some("a text of more than twelve bytes"), Some("d")])
}

fn item() -> FieldRef {
    Arc::new(Field::new_list_field(DataType::Utf8View, true))
}

fn listed() -> ArrayRef {
    let mut list = ListBuilder::new(StringViewBuilder::new());
    list.append_value([Some("x"), None]);
    list.append_null();
    list.append_value([Some("a text of more than twelve bytes")]);
    list.append_value([Some("y"); 0]);
    Arc::new(list.finish())
}

fn mapped() -> ArrayRef {
    let mut map = MapBuilder::new(None, StringBuilder::new(), StringViewBuilder::new());
    for (row, key) in ["k", "l", "m", "n"].into_iter().enumerate() {
        map.keys().append_value(key);
        map.values().append_option((row != 1).then_some("v"));
        map.append(true).unwrap();
    }
    Arc::new(map.finish())
}

fn either() -> ArrayRef {
    let fields =
        [(3, Field::new("text", DataType::Utf8View, true)), (5, Field::new("n", DataType::Int32, true))];
    let fields: UnionFields = fields.into_iter().map(|(id, field)| (id, Arc::new(field))).collect();
    let children: Vec<ArrayRef> = vec![Arc::new(texts()), Arc::new(Int32Array::from(vec![1, 2]))];
    let union = UnionArray::try_new(fields, vec![3, 5, 3, 5].into(), Some(vec![2, 1, 1, 0].into()), children);
    Arc::new(union.unwrap())
}

/// Four rows of everything that is not plain, alone and nested.
fn batch() -> RecordBatch {
    let text: FieldRef = Arc::new(Field::new("text", DataType::Utf8View, true));
    let runs =
        RunArray::<Int32Type>::try_new(&Int32Array::from(vec![2, 3, 4]), &texts().slice(1, 3)).unwrap();
    let short = RunArray::<Int16Type>::try_new(&Int16Array::from(vec![1, 4]), &Int32Array::from(vec![7, 8]));
    let dictionary = DictionaryArray::<Int32Type>::new(Int32Array::from(vec![2, 0, 2, 2]), Arc::new(texts()));
    let view =
        ListViewArray::new(item(), vec![1, 0, 0, 3].into(), vec![2, 0, 3, 1].into(), Arc::new(texts()), None);
    let large = LargeListViewArray::new(
        item(),
        vec![3, 2, 1, 0].into(),
        vec![1, 1, 1, 1].into(),
        Arc::new(texts()),
        None,
    );
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("view", Arc::new(texts())),
        ("bytes", Arc::new(BinaryViewArray::from_iter([Some(b"a"), None, Some(b"b"), Some(b"c")]))),
        ("list", listed()),
        ("fixed", Arc::new(FixedSizeListArray::new(item(), 1, Arc::new(texts()), None))),
        ("map", mapped()),
        ("struct", Arc::new(StructArray::from(vec![(text, Arc::new(texts()) as ArrayRef)]))),
        ("union", either()),
        ("dictionary", Arc::new(dictionary)),
        ("runs", Arc::new(runs)),
        ("short runs", Arc::new(short.unwrap())),
        ("list view", Arc::new(view)),
        ("large list view", Arc::new(large)),
        ("plain", Arc::new(StringArray::from(vec!["p", "q", "r", "s"]))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))
        .unwrap()
}

#[test]
fn values_stay_and_their_types_are_plain() {
    for plain in [Plain::new, Plain::pruning] {
        for rows in [batch(), batch().slice(1, 2), batch().slice(3, 1), batch().slice(2, 0)] {
            let plain = plain(rows.schema_ref());
            let made = plain.apply(&rows).unwrap();
            assert_eq!(made.schema_ref(), plain.schema());
            for field in plain.schema().fields() {
                let shown = field.data_type().to_string();
                assert!(!shown.contains("View") && !shown.contains("RunEndEncoded"), "{field}");
            }
            let shown = [&rows, &made]
                .map(|rows| pretty_format_batches(std::slice::from_ref(rows)).unwrap().to_string());
            assert_eq!(shown[0], shown[1]);
            assert!(Plain::new(plain.schema()).is_unchanged());
        }
    }
}

#[test]
fn what_is_plain_is_passed_on_as_it_is() {
    let rows = RecordBatch::try_from_iter([("id", Arc::new(Int32Array::from(vec![1])) as ArrayRef)]).unwrap();
    let plain = Plain::pruning(rows.schema_ref());
    assert!(plain.is_unchanged());
    assert!(Arc::ptr_eq(plain.schema(), rows.schema_ref()));
    assert!(Arc::ptr_eq(plain.apply(&rows).unwrap().column(0), rows.column(0)));
}

#[test]
fn runs_of_values_that_may_be_null_may_be_null() {
    let values = Field::new("values", DataType::Int32, true);
    let ends = Field::new("run_ends", DataType::Int32, false);
    let runs = DataType::RunEndEncoded(Arc::new(ends), Arc::new(values));
    let schema = Arc::new(arrow_schema::Schema::new(vec![Field::new("runs", runs, false)]));
    assert!(Plain::new(&schema).schema().field(0).is_nullable());
}

#[test]
fn unused_values_are_left_out_where_it_is_asked_for() {
    let last = batch().slice(3, 1);
    let values = |plain: Plain| {
        let rows = plain.apply(&last).unwrap();
        let column = |name| rows.column_by_name(name).unwrap().clone();
        (column("dictionary").as_any_dictionary().values().len(), column("union").as_union().child(3).len())
    };
    assert_eq!(values(Plain::pruning(last.schema_ref())), (1, 0));
    assert_eq!(values(Plain::new(last.schema_ref())).0, 4, "those of all batches stay together");
}

#[test]
fn nulls_within_what_is_never_null_stay() {
    let item = Arc::new(Field::new_list_field(either().data_type().clone(), false));
    let offsets = Buffer::from_vec(vec![0, 1, 4]);
    let list = ArrayData::builder(DataType::List(item.clone())).len(2).add_buffer(offsets);
    let fixed = ArrayData::builder(DataType::FixedSizeList(item.clone(), 2)).len(2);
    let structure = ArrayData::builder(DataType::Struct(vec![item].into())).len(4);
    let [list, fixed, structure] = [list, fixed, structure]
        .map(|builder| make_array(builder.add_child_data(either().to_data()).build().unwrap()));
    let item = Arc::new(Field::new_list_field(structure.data_type().clone(), true));
    let views = ListViewArray::new(item, vec![2, 0, 1].into(), vec![2, 0, 3].into(), structure.clone(), None);
    let runs = RunArray::<Int32Type>::try_new(&Int32Array::from(vec![1, 3, 5, 7]), &structure).unwrap();
    for column in [list, fixed, structure, Arc::new(views), Arc::new(runs)] {
        let rows = RecordBatch::try_from_iter([("column", column)]).unwrap();
        let made = Plain::new(rows.schema_ref()).apply(&rows).unwrap();
        let shown =
            [&rows, &made].map(|rows| pretty_format_batches(std::slice::from_ref(rows)).unwrap().to_string());
        assert_eq!(shown[0], shown[1]);
    }
}

/// Rows that repeat one long text a hundred thousand times: as runs, by list views, and by list views of runs.
fn bombs() -> [ArrayRef; 3] {
    let (rows, text) = (100_000, "x".repeat(4096));
    let runs = |rows: usize| {
        let ends = Int32Array::from(vec![i32::try_from(rows).unwrap()]);
        RunArray::<Int32Type>::try_new(&ends, &StringArray::from(vec![text.as_str()])).unwrap()
    };
    let lists = |values: ArrayRef| {
        let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
        let size = i32::try_from(values.len()).unwrap();
        ListViewArray::new(item, vec![0; rows].into(), vec![size; rows].into(), values, None)
    };
    let texts = Arc::new(StringViewArray::from(vec![text.as_str()]));
    [Arc::new(runs(rows)), Arc::new(lists(texts)), Arc::new(lists(Arc::new(runs(4))))]
}

#[test]
fn few_bytes_do_not_become_many_at_once() {
    for bomb in bombs() {
        let rows = RecordBatch::try_from_iter([("bomb", bomb)]).unwrap();
        let plain = Plain::new(rows.schema_ref());
        let error = plain.apply(&rows).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{error}");
        assert!(error.message().ends_with("take fewer rows at a time"), "{error}");
        assert_eq!(plain.apply(&rows.slice(50_000, 1000)).unwrap().num_rows(), 1000);
    }
}

#[test]
fn columns_and_fields_share_what_may_become_many() {
    let text = StringArray::from(vec!["x".repeat(1024)]);
    let run: ArrayRef =
        Arc::new(RunArray::<Int32Type>::try_new(&Int32Array::from(vec![60_000]), &text).unwrap());
    let block = Buffer::from(vec![b'x'; 1024]);
    let view = u128::from(ByteView::new(1024, b"xxxx"));
    let views: ArrayRef =
        Arc::new(StringViewArray::try_new(vec![view; 60_000].into(), vec![block], None).unwrap());
    for repeated in [run, views] {
        let names: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        let columns = names.iter().map(|name| (name, Arc::clone(&repeated)));
        let flat = RecordBatch::try_from_iter(columns).unwrap();
        let fields: ArrayRef = Arc::new(StructArray::from(flat.clone()));
        for rows in [flat, RecordBatch::try_from_iter([("fields", fields)]).unwrap()] {
            let plain = Plain::new(rows.schema_ref());
            assert_eq!(plain.apply(&rows).unwrap_err().kind(), ErrorKind::LimitExceeded);
            let piece = plain.pieces(rows).next().unwrap().unwrap();
            assert!((256..700).contains(&piece.num_rows()), "{} rows", piece.num_rows());
        }
    }
}

#[test]
fn a_batch_comes_in_pieces_and_its_position_with_the_last() {
    for bomb in bombs() {
        let rows = RecordBatch::try_from_iter([("bomb", bomb)]).unwrap();
        let plain = Plain::new(rows.schema_ref());
        let pieces: Vec<usize> = plain.pieces(rows.clone()).map(|piece| piece.unwrap().num_rows()).collect();
        assert!(pieces.len() > 1);
        assert_eq!(pieces.iter().sum::<usize>(), rows.num_rows());
        let chunk = Chunk::new(rows.clone()).with_position(Position::new("end"));
        let batches = BatchStream::new(rows.schema(), futures::stream::iter([Ok(chunk)]));
        let chunks: Vec<_> = block_on(plain.stream(batches).map(Result::unwrap).collect());
        let sizes: Vec<usize> = chunks.iter().map(|chunk| chunk.batch.num_rows()).collect();
        assert_eq!(sizes, pieces);
        let (last, before) = chunks.split_last().unwrap();
        assert!(last.position.is_some() && before.iter().all(|chunk| chunk.position.is_none()));
    }
}

/// Two rows, each a list of more values than runs are taken apart to at a time.
fn rows_of_endless_runs() -> RecordBatch {
    let (values, text) = (20_000_000, StringArray::from(vec!["x"]));
    let runs = RunArray::<Int32Type>::try_new(&Int32Array::from(vec![2 * values]), &text).unwrap();
    let item = Arc::new(Field::new_list_field(runs.data_type().clone(), true));
    let lists =
        ListArray::new(item, OffsetBuffer::new(vec![0, values, 2 * values].into()), Arc::new(runs), None);
    RecordBatch::try_from_iter([("lists", Arc::new(lists) as ArrayRef)]).unwrap()
}

#[test]
fn a_row_that_is_too_much_ends_the_pieces_in_the_words_of_the_protocol() {
    let rows = rows_of_endless_runs();
    let pieces = |plain: Plain| -> Vec<String> {
        plain.pieces(rows.clone()).map(|piece| piece.unwrap_err().to_string()).collect()
    };
    let plain = Plain::new(rows.schema_ref());
    let text = "a row has more text or runs than a plain column takes";
    assert_eq!(pieces(plain.clone()), [text]);
    assert_eq!(pieces(plain.with_hint("ask for `more`")), [format!("{text}: ask for `more`")]);
}
