//! The contract of `DataService`, as core states it.

use arrowlink_core::conformance::{Capability, Suite};

use crate::support::Fixture;

#[tokio::test]
async fn store_is_conformant() {
    let fixture = Fixture::new();
    let report = Suite::new().without(Capability::Call).run(&fixture.store).await;
    assert!(report.is_conformant(), "{report}");
    let fixture = fixture.reopen(|_| {});
    let report = Suite::new().without(Capability::Call).run(&fixture.store).await;
    assert!(report.is_conformant(), "{report}");
}
