//! The command line of `countersign completions`.

use clap::{Args, ValueEnum};
use clap_complete::Shell;

const EXAMPLES: &str = "\
Examples:
  cd ~/.local/share/bash-completion/completions
  countersign completions bash > countersign
  countersign completions zsh > ~/.zfunc/_countersign
  countersign completions fish > ~/.config/fish/completions/countersign.fish

The folders have to be there; for zsh, ~/.zfunc in fpath.

Exit status: 0 it was printed; 2 the command line cannot be used.";

/// Print what a shell needs to complete commands and options
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(super) shell: KnownShell,
}

/// The shells for which this is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum KnownShell {
    /// bash
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
}

impl From<KnownShell> for Shell {
    fn from(shell: KnownShell) -> Self {
        match shell {
            KnownShell::Bash => Self::Bash,
            KnownShell::Zsh => Self::Zsh,
            KnownShell::Fish => Self::Fish,
        }
    }
}
