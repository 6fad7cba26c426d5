//! What the parties of a contest came to, and the rows that hold one against another.

use crate::Summary;
use crate::contest::Outcome;
use crate::party::{Maker, Party};
use crate::report::Row;
use crate::statistics::percentile;
use crate::table::Table;
use crate::turn::Turn;

/// One figure for each party, or why it has none.
#[derive(Debug)]
pub(crate) struct Results {
    unit: &'static str,
    figures: Vec<(Party, Result<Summary, String>)>,
}

impl Results {
    /// Says how fast `table` went over, in GB/s. A party that moved another number of rows has no figure.
    pub(crate) fn rates(outcomes: &[Outcome], table: &Table) -> Self {
        Self::new("GB/s", outcomes, |party, turn| {
            let rows = if party.client == Maker::Raw { table.bytes } else { table.rows };
            if turn.rows != rows {
                return Err(format!("{} of {rows} rows came", turn.rows));
            }
            Ok(table.bytes as f64 / turn.seconds.iter().sum::<f64>() / 1e9)
        })
    }

    /// Says what `share` of the round trips take at most, in microseconds.
    pub(crate) fn round_trips(outcomes: &[Outcome], share: f64) -> Self {
        Self::new("us", outcomes, |_, turn| {
            percentile(&turn.seconds, share)
                .map(|seconds| seconds * 1e6)
                .ok_or_else(|| "no round trips".to_owned())
        })
    }

    fn new(
        unit: &'static str,
        outcomes: &[Outcome],
        figure: impl Fn(Party, &Turn) -> Result<f64, String>,
    ) -> Self {
        let figures = outcomes.iter().map(|outcome| {
            let turns = outcome.turns.as_ref().map_err(String::clone);
            let values = turns.and_then(|turns| {
                turns.iter().map(|turn| figure(outcome.party, turn)).collect::<Result<Vec<f64>, String>>()
            });
            let summary = values.and_then(|values| Summary::of(&values).ok_or_else(|| "no turns".to_owned()));
            (outcome.party, summary)
        });
        Self { unit, figures: figures.collect() }
    }

    /// Returns the figure of `party`.
    pub(crate) fn of(&self, party: Party) -> Result<Summary, String> {
        let found = self.figures.iter().find(|(other, _)| *other == party);
        found.map_or_else(|| Err("it did not take part".to_owned()), |(_, figure)| figure.clone())
    }

    /// Makes the row of `party`.
    pub(crate) fn row(&self, what: impl Into<String>, party: Party) -> Row {
        match self.of(party) {
            Ok(summary) => Row::new(what, self.unit, summary),
            Err(reason) => Row::absent(what, self.unit, reason),
        }
    }

    /// Makes the row of `party` that is held against `peer`.
    pub(crate) fn versus(&self, what: impl Into<String>, party: Party, peer: Party) -> Row {
        let row = self.row(what, party);
        match self.of(peer) {
            Ok(figures) => row.against(peer.to_string(), figures),
            Err(_) => row,
        }
    }
}
