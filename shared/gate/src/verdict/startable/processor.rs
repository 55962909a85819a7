//! Which machine code runs on which of Lambda's processors.

use countersign_package::ElfMachine;

use crate::domain::Architecture;

pub(super) fn runs(architecture: Architecture, machine: ElfMachine) -> bool {
    matches!(
        (architecture, machine),
        (Architecture::X86_64, ElfMachine::X86_64) | (Architecture::Arm64, ElfMachine::Aarch64)
    )
}

pub(super) fn machine_name(machine: ElfMachine) -> String {
    match machine {
        ElfMachine::X86_64 => "x86_64".to_owned(),
        ElfMachine::Aarch64 => "arm64".to_owned(),
        ElfMachine::Other(number) => format!("another processor (ELF machine {number})"),
    }
}
