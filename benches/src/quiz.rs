//! Clients that stay connected and are asked one query after the other, in turns: A B A B.
//!
//! It differs from [`contest`](crate::contest), whose clients do the same all the time: who cannot answer one query is
//! asked the next one all the same.

use crate::asker::Asker;
use crate::driver::Driver;
use crate::statistics::percentile;
use crate::turn::{Answer, Turn};
use crate::{Failure, Row, Summary};

/// Everybody who is asked.
#[derive(Debug)]
pub(crate) struct Quiz {
    players: Vec<Player>,
}

/// What everybody said to one query, in milliseconds.
#[derive(Debug)]
pub(crate) struct Answers {
    figures: Vec<(Asker, Result<Summary, String>)>,
}

/// The turns that somebody took, or why not all.
type Taken = (Asker, Result<Vec<Turn>, String>);

#[derive(Debug)]
struct Player {
    asker: Asker,
    driver: Result<Driver, String>,
}

impl Quiz {
    /// Takes those who are there, and why others are not.
    pub(crate) fn new(drivers: impl IntoIterator<Item = (Asker, Result<Driver, Failure>)>) -> Self {
        let player = |(asker, driver): (Asker, Result<Driver, Failure>)| Player {
            asker,
            driver: driver.map_err(|error| error.to_string()),
        };
        Self { players: drivers.into_iter().map(player).collect() }
    }

    /// Asks those of `groups` for `query`: once unmeasured, then `repetitions` times. Those of one group take turns; the
    /// next group begins when they are done. A turn is `each` answers one after the other, of which the median counts.
    ///
    /// Who returns another number of rows than the first who answers has no figure.
    pub(crate) fn ask(
        &mut self,
        query: &str,
        groups: &[&[Asker]],
        repetitions: usize,
        each: usize,
    ) -> Answers {
        Answers::of(
            groups.iter().flat_map(|group| self.take_turns(query, group, repetitions, each)).collect(),
        )
    }

    fn take_turns(&mut self, query: &str, group: &[Asker], repetitions: usize, each: usize) -> Vec<Taken> {
        let mut turns: Vec<Taken> = group.iter().map(|asker| (*asker, Ok(Vec::new()))).collect();
        for round in 0..=repetitions {
            for (asker, turns) in &mut turns {
                let Ok(taken) = turns else { continue };
                match self.turn(*asker, query, each) {
                    Ok(turn) if round > 0 => taken.push(turn),
                    Ok(_) => {}
                    Err(reason) => *turns = Err(reason),
                }
            }
        }
        turns
    }

    fn turn(&mut self, asker: Asker, query: &str, each: usize) -> Result<Turn, String> {
        let mut turn = self.answer(asker, query)?;
        for _ in 1..each {
            turn.seconds.extend(self.answer(asker, query)?.seconds);
        }
        if each > 1 {
            turn.seconds = percentile(&turn.seconds, 0.5).into_iter().collect();
        }
        Ok(turn)
    }

    fn answer(&mut self, asker: Asker, query: &str) -> Result<Turn, String> {
        let player = self.players.iter_mut().find(|player| player.asker == asker);
        let player = player.ok_or("it does not take part")?;
        match player.driver.as_mut().map_err(|reason| reason.clone())?.ask(query) {
            Ok(Answer::Done(turn)) => Ok(turn),
            Ok(Answer::Failed(reason)) => Err(reason),
            Err(error) => {
                player.driver = Err(error.to_string());
                Err(error.to_string())
            }
        }
    }
}

impl Answers {
    fn of(turns: Vec<Taken>) -> Self {
        let mut expected = None;
        let figures = turns.into_iter().map(|(asker, turns)| {
            let summary = turns.and_then(|turns| milliseconds(&turns, &mut expected));
            (asker, summary)
        });
        Self { figures: figures.collect() }
    }

    /// Returns the figure of `asker`.
    pub(crate) fn of_asker(&self, asker: Asker) -> Result<Summary, String> {
        let found = self.figures.iter().find(|(other, _)| *other == asker);
        found.map_or_else(|| Err("it was not asked".to_owned()), |(_, figure)| figure.clone())
    }

    /// Returns the fastest of `askers`, where one of them has a figure.
    pub(crate) fn fastest(&self, askers: &[Asker]) -> Option<Asker> {
        let mut known: Vec<(Asker, f64)> = Vec::new();
        for asker in askers {
            known.extend(self.of_asker(*asker).map(|summary| (*asker, summary.median)));
        }
        known.into_iter().min_by(|one, other| one.1.total_cmp(&other.1)).map(|(asker, _)| asker)
    }

    /// Makes the row of `asker`.
    pub(crate) fn row(&self, what: impl Into<String>, asker: Asker) -> Row {
        match self.of_asker(asker) {
            Ok(summary) => Row::new(what, "ms", summary),
            Err(reason) => Row::absent(what, "ms", reason),
        }
    }

    /// Makes the row of `asker` that is held against `peer`.
    pub(crate) fn versus(&self, what: impl Into<String>, asker: Asker, peer: Asker) -> Row {
        let row = self.row(what, asker);
        match self.of_asker(peer) {
            Ok(figures) => row.against(peer.to_string(), figures),
            Err(_) => row,
        }
    }
}

/// Returns how long the turns took, where each brought the rows that are expected.
fn milliseconds(turns: &[Turn], expected: &mut Option<u64>) -> Result<Summary, String> {
    let first = turns.first().ok_or("no turns")?;
    let expected = *expected.get_or_insert(first.rows);
    if let Some(other) = turns.iter().find(|turn| turn.rows != expected) {
        return Err(format!("{} rows came where others get {expected}", other.rows));
    }
    let values: Vec<f64> = turns.iter().map(|turn| turn.seconds.iter().sum::<f64>() * 1e3).collect();
    Summary::of(&values).ok_or_else(|| "no turns".to_owned())
}
