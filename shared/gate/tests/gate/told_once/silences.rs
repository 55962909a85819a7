//! A planned change is kept quiet for a target and a time.

use super::*;

#[test]
fn silence_keeps_a_planned_change_quiet_and_tells_of_its_beginning_and_end() {
    let world = world();
    let until = world.state().now + jiff::SignedDuration::from_hours(2);
    put(
        &world,
        SILENCE,
        &json!({"reason": "migration of the shop", "until": until}),
    );
    for number in 1..=3 {
        assert!(matches!(
            told(&world, &code_changed(number)),
            Ok(Alerted::Silenced(_))
        ));
    }
    let (_, text) = pages(&world).pop().unwrap();
    assert!(text.contains("migration of the shop"), "{text}");
    assert_eq!(states(&world), ["open"]);
    // Whoever hears of nothing but what is critical hears that this may be kept quiet.
    assert_eq!(world.state().pages[0].attributes()["severity"], "critical");
    // What is about another target is told, and so is drift that is not silenced.
    assert!(matches!(
        told(&world, &code_changed(4).replace("orders", "billing")),
        Ok(Alerted::Paged(_))
    ));
    pass(&world, 121);
    told(&world, RUN).unwrap();
    let (state, text) = pages(&world).pop().unwrap();
    assert_eq!(state, "closed");
    assert!(text.contains("code-changed-past-gate: 3"), "{text}");
    assert_eq!(
        silence_keys(&world).len(),
        1,
        "its end closes what its beginning opened"
    );
    assert!(matches!(
        told(&world, &code_changed(5)),
        Ok(Alerted::Paged(_))
    ));
    // Nothing is told twice.
    let before = world.state().pages.len();
    told(&world, RUN).unwrap();
    assert_eq!(world.state().pages.len(), before);
}

#[test]
fn silence_that_is_taken_away_ends_and_one_of_certain_detections_is_only_of_those() {
    let world = world();
    let until = world.state().now + jiff::SignedDuration::from_hours(2);
    put(
        &world,
        SILENCE,
        &json!({"reason": "x", "until": until, "detections": ["alias-changed-past-gate"]}),
    );
    told(&world, RUN).unwrap();
    assert_eq!(
        states(&world),
        ["open"],
        "its beginning is told before anything happens"
    );
    assert!(matches!(
        told(&world, &code_changed(1)),
        Ok(Alerted::Paged(_))
    ));
    world.state().records.remove(SILENCE);
    told(&world, RUN).unwrap();
    assert_eq!(states(&world).pop().unwrap(), "closed");
}

#[test]
fn silence_that_is_not_understood_or_too_long_keeps_nothing_quiet_and_is_told() {
    let world = world();
    let later = |hours| world.state().now + jiff::SignedDuration::from_hours(hours);
    for (number, wrong) in [
        json!("quiet!"),
        json!({"reason": "", "until": later(2)}),
        json!({"reason": "holidays", "until": later(24 * 8)}),
        json!({"reason": "yesterday", "until": later(-2)}),
        json!({"reason": "x", "until": later(2), "targets": "*"}),
    ]
    .iter()
    .enumerate()
    {
        put(&world, SILENCE, wrong);
        let number = u32::try_from(number).unwrap();
        let told_of = told(&world, &by(number, &format!("role-{number}")));
        assert!(matches!(told_of, Ok(Alerted::Paged(_))), "{wrong}");
        let (_, text) = pages(&world).iter().rev().nth(1).unwrap().clone();
        assert!(text.contains("is not in force"), "{wrong}: {text}");
    }
}

#[test]
fn beginning_of_a_silence_is_told_before_it_keeps_anything_quiet() {
    let world = world();
    let until = world.state().now + jiff::SignedDuration::from_hours(2);
    put(&world, SILENCE, &json!({"reason": "x", "until": until}));
    world.state().broken.insert("sns:Publish");
    assert!(told(&world, &code_changed(1)).is_err());
    let state: SilenceState =
        serde_json::from_slice(&world.state().records["alerts/silences/functions/orders.json"])
            .unwrap();
    assert!(!state.began_told && state.kept_quiet.is_empty());
}

#[test]
fn pages_about_the_gate_cannot_be_silenced() {
    let world = world();
    let until = world.state().now + jiff::SignedDuration::from_hours(2);
    for path in [
        "silences/stack.json",
        "silences/everything.json",
        "silences/functions/countersign-sign.json",
    ] {
        put(&world, path, &json!({"reason": "x", "until": until}));
    }
    let disabled = body("alert-cloudtrail-rule-disabled");
    assert!(matches!(told(&world, &disabled), Ok(Alerted::Paged(_))));
    let own = call(
        2,
        "UpdateFunctionConfiguration20150331v2",
        &json!({"functionName": "countersign-sign"}),
    );
    let Ok(Alerted::Paged(page)) = told(&world, &own) else {
        panic!("the gate's own function was silenced");
    };
    assert_eq!(page.kind, "gate-changed");
}

/// Whoever writes a silence that nobody can read keeps no page back, of its target or of others.
#[test]
fn silence_that_cannot_be_read_keeps_nothing_quiet() {
    let world = world();
    put(&world, SILENCE, &json!({"reason": "x"}));
    world.state().broken.insert("s3:GetObject record");
    assert!(matches!(
        told(&world, &code_changed(1)),
        Ok(Alerted::Paged(_))
    ));
}

/// What was counted before the silence began was not announced as planned: its sum waits, and is not lost.
#[test]
fn sum_waits_for_the_end_of_a_silence() {
    let world = world();
    for number in 1..=3 {
        told(&world, &code_changed(number)).unwrap();
    }
    let until = world.state().now + jiff::SignedDuration::from_hours(2);
    put(&world, SILENCE, &json!({"reason": "x", "until": until}));
    told(&world, RUN).unwrap();
    assert_eq!(states(&world), ["detected", "open"]);
    pass(&world, 61);
    assert!(matches!(
        told(&world, RUN),
        Ok(Alerted::Summaries(RepeatRun { sent: 0, left: 0 }))
    ));
    pass(&world, 60);
    told(&world, RUN).unwrap();
    let told_states = states(&world);
    assert_eq!(told_states[2..], ["closed", "repeated"], "{told_states:?}");
    let (_, text) = pages(&world).swap_remove(3);
    assert!(text.starts_with("Again, twice: "), "{text}");
}

/// A silence of other detections holds no sum back.
#[test]
fn sum_of_what_is_not_silenced_is_told() {
    let world = world();
    for number in 1..=3 {
        told(&world, &code_changed(number)).unwrap();
    }
    let until = world.state().now + jiff::SignedDuration::from_hours(2);
    put(
        &world,
        SILENCE,
        &json!({"reason": "x", "until": until, "detections": ["alias-changed-past-gate"]}),
    );
    told(&world, RUN).unwrap();
    pass(&world, 61);
    assert!(matches!(
        told(&world, RUN),
        Ok(Alerted::Summaries(RepeatRun { sent: 1, left: 0 }))
    ));
}
