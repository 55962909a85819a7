//! The pictures of the page: bars, as inline SVG. A class says which colour; each has its numbers in words, too.

use std::fmt::Write as _;

use super::markup::escaped;

/// A part of a whole.
pub(super) struct Part<'a> {
    /// What it is.
    pub(super) label: &'a str,
    /// How many.
    pub(super) count: usize,
    /// The class of its colour.
    pub(super) class: &'static str,
}

/// Units of a bar's width.
const WIDTH: usize = 1000;

/// One bar in parts, with what each is below it.
pub(super) fn bar(title: &str, parts: &[Part<'_>]) -> String {
    let total: usize = parts.iter().map(|part| part.count).sum();
    let shown: Vec<&Part<'_>> = parts.iter().filter(|part| part.count > 0).collect();
    let mut svg = String::new();
    let mut so_far = 0_usize;
    for part in &shown {
        let start = share(so_far, total, WIDTH);
        so_far = so_far.saturating_add(part.count);
        let width = share(so_far, total, WIDTH).saturating_sub(start);
        let (label, count, class) = (escaped(part.label), part.count, part.class);
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{start}\" y=\"0\" width=\"{width}\" height=\"40\"><title>{count} \
             {label}</title></rect>"
        );
    }
    let legend: Vec<String> = shown
        .iter()
        .map(|part| {
            let percent = percent(part.count, total);
            format!(
                "<li><svg class=\"dot\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"{}\" width=\"10\" \
                 height=\"10\"/></svg><b>{}</b> {} <span class=\"dim\">{percent} %</span></li>",
                part.class,
                part.count,
                escaped(part.label),
            )
        })
        .collect();
    let title = escaped(title);
    let legend = if legend.is_empty() {
        "<li class=\"dim\">none</li>".to_owned()
    } else {
        legend.concat()
    };
    format!(
        "<figure><figcaption>{title}</figcaption><svg class=\"bar\" viewBox=\"0 0 {WIDTH} 40\" \
         preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{title}\">{svg}</svg><ul \
         class=\"legend\">{legend}</ul></figure>\n"
    )
}

/// A bar for each row, the longest as long as the picture.
pub(super) fn ranking(title: &str, rows: &[(String, usize)]) -> String {
    let most = rows.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let bars: Vec<String> = rows
        .iter()
        .map(|(label, count)| {
            let width = share(*count, most, WIDTH);
            let label = escaped(label);
            format!(
                "<li><span class=\"name\">{label}</span><svg class=\"thin\" viewBox=\"0 0 {WIDTH} 10\" \
                 preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{count}\"><rect class=\"good\" \
                 width=\"{width}\" height=\"10\"/></svg><b>{count}</b></li>"
            )
        })
        .collect();
    let bars = if bars.is_empty() {
        "<li class=\"dim\">nothing that runs is signed</li>".to_owned()
    } else {
        bars.concat()
    };
    let title = escaped(title);
    format!("<figure><figcaption>{title}</figcaption><ol class=\"ranking\">{bars}</ol></figure>\n")
}

/// A point of a trend.
pub(super) struct Point {
    /// Its place from left to right: any unit, ascending.
    pub(super) at: i64,
    /// When that was, in words.
    pub(super) day: String,
    /// Part of the whole.
    pub(super) part: usize,
    /// The whole.
    pub(super) whole: usize,
}

/// Units of a trend's height.
const HEIGHT: usize = 200;

/// A line of shares over time, with its first and last value in words.
pub(super) fn trend(title: &str, what: &str, points: &[Point]) -> String {
    let title = escaped(title);
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return String::new();
    };
    let said = |point: &Point| {
        let percent = percent(point.part, point.whole);
        format!(
            "{} of {} ({percent} %) on {}",
            point.part, point.whole, point.day
        )
    };
    let span = distance(first.at, last.at);
    let place = |point: &Point| {
        let left = share(distance(first.at, point.at), span, WIDTH);
        let top = HEIGHT.saturating_sub(share(point.part, point.whole, HEIGHT));
        (left, top)
    };
    let line: Vec<String> = points
        .iter()
        .map(|point| {
            let (left, top) = place(point);
            format!("{left},{top}")
        })
        .collect();
    let dots: Vec<String> = points
        .iter()
        .map(|point| {
            let (left, top) = place(point);
            let said = escaped(&said(point));
            format!("<circle class=\"good\" cx=\"{left}\" cy=\"{top}\" r=\"5\"><title>{said}</title></circle>")
        })
        .collect();
    let words = if points.len() == 1 {
        format!("{what}: {}. No earlier day is on record.", said(first))
    } else {
        format!("{what}: {}, {}.", said(first), said(last))
    };
    let words = escaped(&words);
    format!(
        "<figure><figcaption>{title}</figcaption><svg class=\"trend\" viewBox=\"-10 -10 1020 220\" role=\"img\" \
         aria-label=\"{words}\"><path class=\"grid\" d=\"M0 0H{WIDTH}M0 100H{WIDTH}M0 {HEIGHT}H{WIDTH}\"/>\
         <polyline points=\"{}\"/>{}</svg><p class=\"dim\">{words} The lines are at 0, 50 and 100 %.</p></figure>\n",
        line.join(" "),
        dots.concat()
    )
}

fn distance(from: i64, to: i64) -> usize {
    usize::try_from(to.saturating_sub(from)).unwrap_or(0)
}

/// `part` of `total` in hundredths, rounded to the nearest.
fn percent(part: usize, total: usize) -> usize {
    let half = total.checked_div(2).unwrap_or(0);
    let hundredfold = part.saturating_mul(100).saturating_add(half);
    hundredfold.checked_div(total).unwrap_or(0)
}

/// `part` of `total`, as so many of `whole`, rounded down.
fn share(part: usize, total: usize, whole: usize) -> usize {
    part.saturating_mul(whole).checked_div(total).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trend_goes_from_the_first_day_to_the_last() {
        let point = |at, part, whole| Point {
            at,
            day: format!("day {at}"),
            part,
            whole,
        };
        let svg = trend(
            "<t>",
            "signed",
            &[point(0, 0, 4), point(10, 1, 4), point(40, 4, 4)],
        );
        assert!(svg.contains("points=\"0,200 250,150 1000,0\""), "{svg}");
        assert!(
            svg.contains("signed: 0 of 4 (0 %) on day 0, 4 of 4 (100 %) on day 40."),
            "{svg}"
        );
        assert!(!svg.contains("<t>"));
        let single = trend("t", "signed", &[point(5, 1, 2)]);
        assert!(
            single.contains("points=\"0,100\"") && single.contains("No earlier day"),
            "{single}"
        );
        // No functions at all.
        assert!(trend("t", "w", &[point(1, 0, 0), point(2, 0, 0)]).contains("0,200 1000,200"));
    }

    #[test]
    fn parts_fill_the_bar() {
        let part = |count, class| Part {
            label: "<x>",
            count,
            class,
        };
        let svg = bar("t", &[part(1, "good"), part(0, "warn"), part(2, "bad")]);
        assert!(svg.contains("x=\"0\" y=\"0\" width=\"333\""), "{svg}");
        assert!(svg.contains("x=\"333\" y=\"0\" width=\"667\""), "{svg}");
        assert!(
            !svg.contains("class=\"warn\"") && !svg.contains("<x>"),
            "{svg}"
        );
        assert!(svg.contains("33 %") && svg.contains("67 %"), "{svg}");
        assert!(bar("t", &[]).contains("none"));
        assert_eq!(trend("t", "w", &[]), "");
        assert!(ranking("t", &[]).contains("nothing that runs is signed"));
    }
}
