//! Denied attempts are one thing, with counts by caller.

use super::*;

/// An attempt at a function by a role, which was denied.
pub(super) fn denied(number: u32, role: &str, function: &str) -> String {
    let mut event: Value = serde_json::from_str(&by(number, role)).unwrap();
    let detail = &mut event["detail"];
    detail["requestParameters"] = json!({"functionName": function});
    detail["responseElements"] = Value::Null;
    detail["additionalEventData"] = Value::Null;
    detail["errorCode"] = json!("AccessDeniedException");
    event.to_string()
}

fn role(name: &str) -> String {
    format!("arn:aws:iam::111122223333:role/{name}")
}

#[test]
fn flood_of_denied_attempts_is_one_page_and_a_sum_by_caller() {
    let world = world();
    for number in 0..500 {
        let function = format!("shop-{}", number % 100);
        let told_of = told(&world, &denied(number, "Intruder", &function));
        let is_first = number == 0;
        assert!(
            matches!(told_of, Ok(Alerted::Paged(_))) == is_first,
            "{number}: {told_of:?}"
        );
    }
    assert_eq!(states(&world), ["detected"]);
    pass(&world, 61);
    told(&world, RUN).unwrap();
    assert_eq!(states(&world), ["detected", "repeated"]);
    let (_, text) = pages(&world).pop().unwrap();
    assert!(
        text.starts_with(
            "Again, 499 times: Calls about code, trust or the gate were tried and denied"
        ),
        "{text}"
    );
    assert!(
        text.contains(&format!("By: {} (499).", role("Intruder"))),
        "{text}"
    );
    assert!(text.contains("About: functions/shop-1 (5), "), "{text}");
    assert!(text.contains("others ("), "{text}");
    let open = incidents(&world);
    assert_eq!((open.len(), open[0].count), (1, 500));
}

/// Whoever tries for the first time is told, also while another tries all the time; of many callers the first
/// ones, and the others in the sum.
#[test]
fn new_caller_is_told_at_once_and_many_are_no_storm() {
    let world = world();
    let mut number = 0;
    let mut attempt = |role: &str| {
        number += 1;
        told(&world, &denied(number, role, "orders")).unwrap()
    };
    assert!(matches!(attempt("Pipeline"), Alerted::Paged(_)));
    assert!(matches!(attempt("Pipeline"), Alerted::Counted(_)));
    let Alerted::Paged(page) = attempt("Intruder") else {
        panic!("the intruder hides behind the pipeline");
    };
    assert!(page.facts.contains(&("Role", role("Intruder"))));
    for caller in 0..200 {
        attempt(&format!("Role-{caller}"));
    }
    for _ in 0..3 {
        assert!(matches!(attempt("Pipeline"), Alerted::Counted(_)));
        assert!(matches!(attempt("Intruder"), Alerted::Counted(_)));
    }
    assert_eq!(states(&world).len(), 5, "{:?}", states(&world));
    pass(&world, 61);
    told(&world, RUN).unwrap();
    let (state, text) = pages(&world).pop().unwrap();
    assert_eq!(state, "repeated");
    for counts in [
        format!("{} (3)", role("Intruder")),
        format!("{} (3)", role("Pipeline")),
    ] {
        assert!(text.contains(&counts), "{text}");
    }
    // 3 + 3 of the known ones, and of the others all that had no page of their own.
    assert!(text.starts_with("Again, 203 times: "), "{text}");
    // After a quiet interval nobody is known any more.
    pass(&world, 61);
    told(&world, &denied(999, "Pipeline", "orders")).unwrap();
    assert!(matches!(
        told(&world, &denied(1_000, "Newcomer", "orders")),
        Ok(Alerted::Paged(_))
    ));
}

#[test]
fn denied_attempt_at_the_gate_itself_is_not_counted_among_those_at_targets() {
    let world = world();
    told(&world, &denied(1, "Intruder", "orders")).unwrap();
    let Ok(Alerted::Paged(page)) = told(&world, &denied(2, "Intruder", "countersign-deploy"))
    else {
        panic!("the worse one is told at once");
    };
    assert_eq!(page.severity, Severity::Critical);
    assert!(matches!(
        told(&world, &denied(3, "Intruder", "orders")),
        Ok(Alerted::Counted(_))
    ));
}
