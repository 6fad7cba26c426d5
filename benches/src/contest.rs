//! Several clients that take turns, A B A B, so that what else the machine does hits all of them alike.

use crate::Failure;
use crate::driver::Driver;
use crate::party::Party;
use crate::turn::Turn;

/// What one party did, or why it could not.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) party: Party,
    pub(crate) turns: Result<Vec<Turn>, String>,
}

/// Runs all drivers in turns: once unmeasured, then `repetitions` times. One that fails takes no further turn.
pub(crate) fn compete(parties: Vec<(Party, Result<Driver, Failure>)>, repetitions: usize) -> Vec<Outcome> {
    let mut contenders: Vec<Contender> = parties.into_iter().map(Contender::new).collect();
    for round in 0..=repetitions {
        for contender in &mut contenders {
            contender.take_turn(round > 0);
        }
    }
    contenders
        .into_iter()
        .map(|contender| Outcome { party: contender.party, turns: contender.turns })
        .collect()
}

struct Contender {
    party: Party,
    driver: Option<Driver>,
    turns: Result<Vec<Turn>, String>,
}

impl Contender {
    fn new((party, driver): (Party, Result<Driver, Failure>)) -> Self {
        match driver {
            Ok(driver) => Self { party, driver: Some(driver), turns: Ok(Vec::new()) },
            Err(error) => Self { party, driver: None, turns: Err(error.to_string()) },
        }
    }

    fn take_turn(&mut self, counts: bool) {
        let Some(driver) = &mut self.driver else { return };
        match (driver.go(), &mut self.turns) {
            (Ok(turn), Ok(turns)) if counts => turns.push(turn),
            (Ok(_), _) => {}
            (Err(error), turns) => {
                *turns = Err(error.to_string());
                self.driver = None;
            }
        }
    }
}
