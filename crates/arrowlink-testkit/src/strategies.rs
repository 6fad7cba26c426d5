//! Strategies for properties.

use std::sync::Arc;

use arrow_schema::{DataType, Field, UnionMode};
use proptest::prelude::{Strategy, any, prop, prop_oneof};

use crate::arrays::{dictionary, flat_types, map, runs, union};

/// Returns types nested up to three deep, each of which [`Maker`](crate::Maker) fills.
pub fn data_types() -> impl Strategy<Value = DataType> {
    let flat = prop::sample::select(flat_types());
    flat.prop_recursive(3, 12, 3, |inner| {
        let field = (inner.clone(), any::<bool>())
            .prop_map(|(data_type, nullable)| Arc::new(Field::new("item", data_type, nullable)));
        prop_oneof![
            field.clone().prop_map(DataType::List),
            field.clone().prop_map(DataType::LargeList),
            field.clone().prop_map(DataType::ListView),
            field.clone().prop_map(DataType::LargeListView),
            (field.clone(), 0..4).prop_map(|(field, size)| DataType::FixedSizeList(field, size)),
            prop::collection::vec(field, 0..4).prop_map(|fields| DataType::Struct(fields.into())),
            (prop::sample::select(flat_types()), inner.clone()).prop_map(|(keys, values)| map(keys, values)),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|types| union(&types, UnionMode::Dense)),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|types| union(&types, UnionMode::Sparse)),
            inner.clone().prop_map(|values| runs(DataType::Int32, values)),
            inner
                .prop_filter("a dictionary of a dictionary has no form on the wire", |values| {
                    !matches!(values, DataType::Dictionary(..))
                })
                .prop_map(|values| dictionary(DataType::UInt16, values)),
        ]
    })
}
