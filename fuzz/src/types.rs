//! Types of columns, nested up to three levels deep.

use std::sync::Arc;

use arbitrary::{Result, Unstructured};
use arrow_schema::{DataType, Field, UnionMode};
use arrowlink_testkit::{dictionary, flat_types, map, runs, union};

/// Chooses the types of up to four columns: flat and nested ones, dictionaries, runs, views.
pub fn types(input: &mut Unstructured<'_>) -> Result<Vec<DataType>> {
    (0..input.int_in_range(0..=4)?).map(|_| data_type(input, 3)).collect()
}

fn data_type(input: &mut Unstructured<'_>, depth: u8) -> Result<DataType> {
    let kind = if depth == 0 { 0 } else { input.int_in_range(0..=16)? };
    Ok(match kind {
        7 => DataType::List(item(input, depth, true)?),
        8 => DataType::LargeList(item(input, depth, false)?),
        9 => DataType::ListView(item(input, depth, true)?),
        10 => DataType::LargeListView(item(input, depth, true)?),
        11 => DataType::FixedSizeList(item(input, depth, false)?, input.int_in_range(0..=3)?),
        12 => DataType::Struct(
            (0..input.int_in_range(0..=3)?)
                .map(|_| Ok(Field::new("f", data_type(input, depth - 1)?, input.arbitrary()?)))
                .collect::<Result<Vec<_>>>()?
                .into(),
        ),
        13 => map(input.choose(&flat_types())?.clone(), data_type(input, depth - 1)?),
        14 => {
            let mode = if input.arbitrary()? { UnionMode::Dense } else { UnionMode::Sparse };
            let types = (0..input.int_in_range(1..=3)?).map(|_| data_type(input, depth - 1));
            union(&types.collect::<Result<Vec<_>>>()?, mode)
        }
        15 => runs(DataType::Int32, data_type(input, depth - 1)?),
        16 => match data_type(input, depth - 1)? {
            values @ DataType::Dictionary(..) => values,
            values => dictionary(
                input.choose(&[DataType::Int8, DataType::UInt16, DataType::Int64])?.clone(),
                values,
            ),
        },
        _ => input.choose(&flat_types())?.clone(),
    })
}

fn item(input: &mut Unstructured<'_>, depth: u8, nullable: bool) -> Result<Arc<Field>> {
    Ok(Arc::new(Field::new("item", data_type(input, depth - 1)?, nullable)))
}
