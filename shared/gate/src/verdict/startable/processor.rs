//! Which machine code runs on which of Lambda's processors, and on Linux.

use countersign_package::{ElfMachine, ElfSystem};

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
        ElfMachine::X32 => "x86_64 with addresses of 32 bits (x32)".to_owned(),
        ElfMachine::Aarch64Ilp32 => "arm64 with addresses of 32 bits (ILP32)".to_owned(),
        ElfMachine::Aarch64Be => "arm64, big-endian".to_owned(),
        ElfMachine::X86 => "x86 of 32 bits".to_owned(),
        ElfMachine::Arm => "ARM of 32 bits".to_owned(),
        ElfMachine::Other(number) => format!("another processor (ELF machine {number})"),
    }
}

pub(super) fn system_name(system: ElfSystem) -> String {
    match system {
        ElfSystem::Linux => "Linux".to_owned(),
        ElfSystem::FreeBsd => "FreeBSD".to_owned(),
        ElfSystem::NetBsd => "NetBSD".to_owned(),
        ElfSystem::OpenBsd => "OpenBSD".to_owned(),
        ElfSystem::Solaris => "Solaris".to_owned(),
        ElfSystem::Other(number) => format!("another system (ELF OS/ABI {number})"),
    }
}
