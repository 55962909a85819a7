//! Colours. The stream they are written to drops them where there is no terminal, or where the
//! environment asks for none (`NO_COLOR`).

use std::fmt::Display;

use clap::builder::{
    Styles,
    styling::{AnsiColor, Style},
};

/// How `--help` looks.
pub(crate) const HELP: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// It holds.
pub(crate) const OK: Style = AnsiColor::Green.on_default().bold();
/// It does not hold, and that blocks.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// It does not hold, and that warns; or it is inconclusive.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// It was not judged.
pub(crate) const DIM: Style = Style::new().dimmed();
/// A heading.
pub(crate) const BOLD: Style = Style::new().bold();

/// `text` in a style.
pub(crate) fn style(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}
