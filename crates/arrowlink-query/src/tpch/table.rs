//! The eight tables, and the slices that they are generated in.

use std::fmt;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator, PartSuppGenerator,
    RegionGenerator, SupplierGenerator,
};
use tpchgen_arrow::{
    CustomerArrow, LineItemArrow, NationArrow, OrderArrow, PartArrow, PartSuppArrow, RegionArrow,
    SupplierArrow,
};

/// A table of TPC-H.
///
/// ```
/// use arrowlink_query::TpchTable;
///
/// assert_eq!(TpchTable::ALL.len(), 8);
/// assert_eq!(TpchTable::LineItem.to_string(), "lineitem");
/// assert_eq!(TpchTable::Region.schema().field(1).name(), "r_name");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TpchTable {
    /// `customer`.
    Customer,
    /// `lineitem`.
    LineItem,
    /// `nation`.
    Nation,
    /// `orders`.
    Orders,
    /// `part`.
    Part,
    /// `partsupp`.
    PartSupp,
    /// `region`.
    Region,
    /// `supplier`.
    Supplier,
}

impl TpchTable {
    /// All of them, by name.
    pub const ALL: [Self; 8] = [
        Self::Customer,
        Self::LineItem,
        Self::Nation,
        Self::Orders,
        Self::Part,
        Self::PartSupp,
        Self::Region,
        Self::Supplier,
    ];

    /// Returns what the specification calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::LineItem => "lineitem",
            Self::Nation => "nation",
            Self::Orders => "orders",
            Self::Part => "part",
            Self::PartSupp => "partsupp",
            Self::Region => "region",
            Self::Supplier => "supplier",
        }
    }

    /// Returns the schema of its rows.
    pub fn schema(self) -> SchemaRef {
        match self {
            Self::Customer => CustomerArrow::schema_ref(),
            Self::LineItem => LineItemArrow::schema_ref(),
            Self::Nation => NationArrow::schema_ref(),
            Self::Orders => OrderArrow::schema_ref(),
            Self::Part => PartArrow::schema_ref(),
            Self::PartSupp => PartSuppArrow::schema_ref(),
            Self::Region => RegionArrow::schema_ref(),
            Self::Supplier => SupplierArrow::schema_ref(),
        }
    }

    /// Returns how many things it is generated from at scale factor 1, a slice having whole ones, and how many rows
    /// each of them has. Both follow from the specification, 4.2.5; an order has 1 to 7 lines.
    const fn base(self) -> (Size, Option<u64>) {
        match self {
            Self::Customer => (Size::Scaled(150_000), Some(1)),
            Self::LineItem => (Size::Scaled(1_500_000), None),
            Self::Nation => (Size::Fixed(25), Some(1)),
            Self::Orders => (Size::Scaled(1_500_000), Some(1)),
            Self::Part => (Size::Scaled(200_000), Some(1)),
            Self::PartSupp => (Size::Scaled(200_000), Some(4)),
            Self::Region => (Size::Fixed(5), Some(1)),
            Self::Supplier => (Size::Scaled(10_000), Some(1)),
        }
    }
}

impl fmt::Display for TpchTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a table grows.
#[derive(Clone, Copy, Debug)]
enum Size {
    /// With the scale factor, from this.
    Scaled(u32),
    /// Not at all.
    Fixed(u64),
}

/// A table at a scale factor, in slices that are generated one by one.
#[derive(Clone, Debug)]
pub(super) struct Slices {
    pub(super) table: TpchTable,
    pub(super) scale_factor: f64,
    /// How many there are, at least 1.
    pub(super) count: u32,
}

impl Slices {
    /// Divides the table into slices of at least 10,000 rows, at most 64.
    pub(super) fn new(table: TpchTable, scale_factor: f64) -> Self {
        let things = Self { table, scale_factor, count: 1 }.things();
        let count = (things / LEAST_THINGS).clamp(1, MOST_SLICES);
        let count = if matches!(table.base().0, Size::Fixed(_)) { 1 } else { count as u32 };
        Self { table, scale_factor, count }
    }

    /// Returns how many rows there are, where that is known.
    pub(super) fn rows(&self) -> Option<u64> {
        match self.table.base().1 {
            Some(each) => Some(self.things() * each),
            None => LINES.iter().find(|(scale, _)| *scale == self.scale_factor).map(|(_, lines)| *lines),
        }
    }

    /// Returns how many rows the slice has, where that is known; the last one has what is left over.
    pub(super) fn rows_of(&self, slice: u32) -> Option<u64> {
        let (things, count) = (self.things(), u64::from(self.count));
        let rest = if slice + 1 == self.count { things % count } else { 0 };
        self.table.base().1.map(|each| (things / count + rest) * each)
    }

    /// Returns the table as a URI.
    pub(super) fn shown(&self) -> String {
        format!("tpch://sf={}/{}", self.scale_factor, self.table)
    }

    /// Generates the rows of the slice.
    pub(super) fn batches(
        &self,
        slice: u32,
    ) -> Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send> {
        // Both are at most 64.
        let (scale, part, count) = (self.scale_factor, slice as i32 + 1, self.count as i32);
        match self.table {
            TpchTable::Customer => Box::new(
                CustomerArrow::new(CustomerGenerator::new(scale, part, count)).with_batch_size(BATCH_ROWS),
            ),
            TpchTable::LineItem => Box::new(
                LineItemArrow::new(LineItemGenerator::new(scale, part, count)).with_batch_size(BATCH_ROWS),
            ),
            TpchTable::Nation => Box::new(
                NationArrow::new(NationGenerator::new(scale, part, count)).with_batch_size(BATCH_ROWS),
            ),
            TpchTable::Orders => {
                Box::new(OrderArrow::new(OrderGenerator::new(scale, part, count)).with_batch_size(BATCH_ROWS))
            }
            TpchTable::Part => {
                Box::new(PartArrow::new(PartGenerator::new(scale, part, count)).with_batch_size(BATCH_ROWS))
            }
            TpchTable::PartSupp => Box::new(
                PartSuppArrow::new(PartSuppGenerator::new(scale, part, count)).with_batch_size(BATCH_ROWS),
            ),
            TpchTable::Region => Box::new(
                RegionArrow::new(RegionGenerator::new(scale, part, count)).with_batch_size(BATCH_ROWS),
            ),
            TpchTable::Supplier => Box::new(
                SupplierArrow::new(SupplierGenerator::new(scale, part, count)).with_batch_size(BATCH_ROWS),
            ),
        }
    }

    /// Returns how many things the table is generated from, rounded as the generator does it.
    fn things(&self) -> u64 {
        match self.table.base().0 {
            Size::Scaled(base) => (f64::from(base) * self.scale_factor) as u64,
            Size::Fixed(things) => things,
        }
    }
}

/// How many lines the orders have at the scale factors of the specification, and at those that are often used.
const LINES: [(f64, u64); 6] = [
    (0.01, 60_175),
    (0.1, 600_572),
    (1.0, 6_001_215),
    (10.0, 59_986_052),
    (100.0, 600_037_902),
    (1000.0, 5_999_989_709),
];
/// The rows of a batch: about a megabyte of the widest table.
const BATCH_ROWS: usize = 8192;
/// A slice of less is generated faster than it is asked for.
const LEAST_THINGS: u64 = 10_000;
const MOST_SLICES: u64 = 64;
