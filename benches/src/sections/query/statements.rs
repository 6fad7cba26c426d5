//! The least query there is, a whole table, and an aggregate: what a call, a byte and a computed row cost.

use crate::asker::Asker;
use crate::lab::{Lab, Tpch};
use crate::quiz::{Answers, Quiz};
use crate::{Report, Target};

use super::ASKERS;

/// Measures each with a target of its own.
pub(super) fn measure(lab: &Lab, quiz: &mut Quiz, tpch: &Tpch, report: &mut Report) {
    let scale_factor = tpch.scale_factor;
    let mut ask = |(what, query, each): (&str, &str, usize), groups: &[&[Asker]], report: &mut Report| {
        report.section(format!("{what}, TPC-H at scale factor {scale_factor} from Parquet"));
        let answers = quiz.ask(query, groups, lab.repetitions, each);
        for peer in PEERS {
            report.row(answers.row(peer.to_string(), peer));
        }
        answers
    };
    let answers = ask(SMALLEST, &[&ASKERS], report);
    let row = answers.versus(Asker::OURS.to_string(), Asker::OURS, Asker::DATAFUSION);
    report.row(row.with_target(Target::at_most(SMALLEST_MS)));
    report.row(answers.row(Asker::OURS_BOTH_ENDS.to_string(), Asker::OURS_BOTH_ENDS));
    let answers = ask(AGGREGATE, &[&ASKERS], report);
    for ours in [Asker::OURS, Asker::OURS_BOTH_ENDS] {
        let row = answers.versus(ours.to_string(), ours, Asker::DATAFUSION);
        report.row(row.with_target(Target::ratio_at_most(1.3, 1.05)));
    }
    let (others, roapi) = ASKERS.split_at(ASKERS.len() - 1);
    // ROAPI's batches drag whole buffers along, twelve times the table: its client's memory is in everybody's way.
    whole_table(&ask(WHOLE_TABLE, &[others, roapi], report), report);
}

fn whole_table(answers: &Answers, report: &mut Report) {
    let against = [
        // 1.5 times as fast as the better of the two.
        (Asker::OURS, answers.fastest(&[Asker::SAIL, Asker::ROAPI]).unwrap_or(Asker::SAIL), (1.0 / 1.5, 0.5)),
        (Asker::OURS, Asker::STOCK, (0.5, 0.25)),
        (Asker::OURS_BOTH_ENDS, Asker::STOCK_BOTH_ENDS, (0.5, 0.25)),
        (Asker::OURS_BOTH_ENDS, Asker::DATAFUSION, (1.3, 1.0)),
    ];
    for (ours, peer, (required, aim)) in against {
        let row = answers.versus(format!("{ours}, against {}", peer.engine), ours, peer);
        report.row(row.with_target(Target::ratio_at_most(required, aim)));
    }
}

const PEERS: [Asker; 6] =
    [Asker::DATAFUSION, Asker::DUCKDB, Asker::STOCK, Asker::STOCK_BOTH_ENDS, Asker::SAIL, Asker::ROAPI];
/// What they are called, their texts, and how often they are asked in a turn.
const SMALLEST: (&str, &str, usize) = ("`select 1`, 50 times a turn", "select 1", 50);
const SMALLEST_MS: f64 = 1.5;
// Memory that lay free while others had their turn is given back by a virtual machine: who takes it first pays for it.
const WHOLE_TABLE: (&str, &str, usize) =
    ("`select * from lineitem`, 5 times a turn", "select * from lineitem", 5);
const AGGREGATE: (&str, &str, usize) = (
    "an aggregate of the shape of query 1",
    "select l_returnflag, l_linestatus, sum(l_quantity), avg(l_extendedprice), count(*) from \
                         lineitem group by l_returnflag, l_linestatus",
    1,
);
