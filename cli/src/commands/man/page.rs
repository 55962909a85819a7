//! A manual page: what the definition of a command tells, with what stands below its options in sections of their own.

use std::io;

use clap_mangen::Man;

/// A page, and the name of its file.
pub(super) struct Page {
    pub(super) file: String,
    pub(super) roff: Vec<u8>,
}

/// The page of a command.
pub(super) fn page(command: clap::Command) -> io::Result<Page> {
    let below = command.get_after_help().map(ToString::to_string);
    // The library would put all of it into one section, filled, so that examples run into one another.
    let nothing = clap::builder::Resettable::Reset::<clap::builder::StyledStr>;
    let man = Man::new(command.after_help(nothing));
    let mut rendered = Vec::new();
    man.render(&mut rendered)?;
    let mut page = String::from_utf8_lossy(&rendered).into_owned();
    let sections = sections(&below.unwrap_or_default());
    // Before the sections that come last in every page.
    let end = [".SH VERSION", ".SH AUTHORS"].iter();
    let end = end.filter_map(|section| page.find(section)).min();
    page.insert_str(end.unwrap_or(page.len()), &sections);
    Ok(Page {
        file: man.get_filename(),
        roff: page.into_bytes(),
    })
}

/// Headings of what stands below the options, with those of their sections.
const HEADINGS: [(&str, &str); 3] = [
    ("Examples:", "EXAMPLES"),
    ("Exit status:", "\"EXIT STATUS\""),
    ("Variables:", "ENVIRONMENT"),
];

/// What stands below the options. Lists stay as they are; prose is filled.
fn sections(below: &str) -> String {
    let mut text = String::new();
    let mut notes = String::new();
    for block in below.split("\n\n").filter(|block| !block.is_empty()) {
        let known = HEADINGS.iter().rev();
        let mut known =
            known.filter_map(|(begins, heading)| Some((block.strip_prefix(begins)?, heading)));
        match known.next() {
            Some((rest, heading)) if rest.starts_with('\n') => {
                text.push_str(".SH ");
                text.push_str(heading);
                text.push_str("\n.nf\n");
                for line in rest.lines().skip(1) {
                    text.push_str(&escaped(line));
                    text.push('\n');
                }
                text.push_str(".fi\n");
            }
            Some((rest, heading)) => {
                text.push_str(".SH ");
                text.push_str(heading);
                text.push('\n');
                text.push_str(&escaped(rest.trim_start()));
                text.push('\n');
            }
            None => {
                notes.push_str(if notes.is_empty() {
                    ".SH NOTES\n"
                } else {
                    ".PP\n"
                });
                for line in block.lines() {
                    notes.push_str(&escaped(line));
                    notes.push('\n');
                }
            }
        }
    }
    notes + &text
}

/// A line that roff prints as it is.
fn escaped(line: &str) -> String {
    let line = line.replace('\\', "\\e").replace('-', "\\-");
    if line.starts_with(['.', '\'']) {
        return format!("\\&{line}");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subcommand_has_its_sections() {
        let below = "Examples:\n  countersign x --y\n  .z\n\nIt takes\nthe key.\n\nExit status: 0 done; 2 not.";
        let expected = ".SH NOTES\nIt takes\nthe key.\n.SH EXAMPLES\n.nf\n  countersign x \\-\\-y\n  .z\n.fi\n\
            .SH \"EXIT STATUS\"\n0 done; 2 not.\n";
        assert_eq!(sections(below), expected);
        assert_eq!(escaped(".x\\n"), "\\&.x\\en");
    }
}
