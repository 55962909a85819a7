//! The straight roads, and what they cost in calls.

use crate::world::packages::slots;
use crate::world::run::{PATIENT, admitted, deploy_settings, deployed};
use crate::world::{FUNCTION, LAYER, World};
use countersign_gate::records::State;
use countersign_gate::verdict::Decision;

#[test]
fn a_function_is_deployed() {
    let world = World::new(slots(), 1);
    let finished = deployed(
        &world,
        &deploy_settings(),
        admitted(&world, FUNCTION, 0),
        PATIENT,
    );
    let outcome = finished.unwrap().outcome;
    assert_eq!(outcome.state, State::Deployed, "{outcome:#?}");
    let state = world.state();
    assert_eq!(
        state.functions["checkout"].code_sha256,
        state.packages[0].code_sha256
    );
    let names: Vec<&str> = state
        .records
        .keys()
        .filter_map(|path| path.rsplit('/').next())
        .collect();
    assert_eq!(
        names,
        [
            "announced.json",
            "outcome.json",
            "received.json",
            "signing.json",
            "verdict.json",
            "live.json"
        ]
    );
    assert_eq!(state.events.len(), 1);
    drop(state);
    let _ = (Decision::Accept, LAYER);
}
