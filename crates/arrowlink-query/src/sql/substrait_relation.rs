//! Which relations of a plan are carried out: those that read, and that say what and not how.

use arrowlink_core::Error;
use datafusion_substrait::substrait::proto::rel::RelType;

use super::failure::refused;

/// Says why `relation` is not carried out, where it is not.
pub(crate) fn refusal(relation: &RelType) -> Option<Error> {
    let (what, instead) = match relation {
        RelType::Read(_)
        | RelType::Filter(_)
        | RelType::Fetch(_)
        | RelType::Aggregate(_)
        | RelType::Sort(_)
        | RelType::Join(_)
        | RelType::Project(_)
        | RelType::Set(_)
        | RelType::Cross(_)
        | RelType::Window(_)
        | RelType::Exchange(_) => return None,
        RelType::Write(_) => ("a plan that writes", "upload the rows, or send `INSERT INTO` as SQL"),
        RelType::Ddl(_) => ("a plan that creates or drops", "upload a table, or send `DROP TABLE` as SQL"),
        RelType::Update(_) => ("a plan that updates", "tables are appended to, or replaced as a whole"),
        RelType::ExtensionSingle(_) | RelType::ExtensionMulti(_) | RelType::ExtensionLeaf(_) => {
            ("a plan with relations of an extension", "use those that Substrait defines")
        }
        RelType::HashJoin(_) | RelType::MergeJoin(_) | RelType::NestedLoopJoin(_) => {
            ("a plan that says how to join", "use `JoinRel`")
        }
        RelType::Reference(_) | RelType::Expand(_) => {
            ("a plan with this relation", "use the logical relations, without references")
        }
    };
    Some(refused(what, instead))
}
