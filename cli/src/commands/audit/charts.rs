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
        assert!(ranking("t", &[]).contains("nothing that runs is signed"));
    }
}
