//! What the first bytes of an ELF file tell: for which processor, system and C library it was built.

/// The class of an ELF file: the width of its addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElfClass {
    /// 32 bits.
    Bits32,
    /// 64 bits.
    Bits64,
}

/// The processor that an ELF file was built for (`e_machine`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElfMachine {
    /// 62, of 64 bits: Lambda's `x86_64`.
    X86_64,
    /// 183, of 64 bits and little-endian: Lambda's `arm64`.
    Aarch64,
    /// 62, of 32 bits: the processor is Lambda's, and neither its kernel nor its libraries know the interface (x32).
    X32,
    /// 183, of 32 bits (ILP32).
    Aarch64Ilp32,
    /// 183, big-endian.
    Aarch64Be,
    /// 3: x86 of 32 bits.
    X86,
    /// 40: ARM of 32 bits.
    Arm,
    /// Any other, by its number.
    Other(u16),
}

/// The system that an ELF file was built for, where its header says so (`EI_OSABI`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElfSystem {
    /// 0, which names none and is usual on Linux, and 3, GNU/Linux. The loader of glibc takes these alone.
    Linux,
    /// 9.
    FreeBsd,
    /// 2.
    NetBsd,
    /// 12.
    OpenBsd,
    /// 6.
    Solaris,
    /// Any other, by its number.
    Other(u8),
}

/// The C library that a program asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Libc {
    /// GNU's, which Amazon Linux has.
    Gnu,
    /// musl, which Amazon Linux has not.
    Musl,
}

/// The header of an ELF file, and the loader that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElfHeader {
    class: ElfClass,
    machine: ElfMachine,
    system: ElfSystem,
    interpreter: Option<String>,
}

impl ElfHeader {
    /// How much of a file [`ElfHeader::parse`] wants to see: linkers put the program headers and
    /// the name of the loader into the first page.
    pub const HEAD_BYTES: usize = 4096;

    /// Reads the first bytes of a file; nothing if it is no ELF file.
    #[must_use]
    pub fn parse(head: &[u8]) -> Option<Self> {
        let ident = head.strip_prefix(b"\x7fELF")?;
        let class = match ident.first()? {
            1 => ElfClass::Bits32,
            2 => ElfClass::Bits64,
            _ => return None,
        };
        let is_little = match ident.get(1)? {
            1 => true,
            2 => false,
            _ => return None,
        };
        let number: [u8; 2] = *head.get(18..)?.first_chunk()?;
        let number = if is_little {
            u16::from_le_bytes(number)
        } else {
            u16::from_be_bytes(number)
        };
        let system = match ident.get(3)? {
            0 | 3 => ElfSystem::Linux,
            2 => ElfSystem::NetBsd,
            6 => ElfSystem::Solaris,
            9 => ElfSystem::FreeBsd,
            12 => ElfSystem::OpenBsd,
            other => ElfSystem::Other(*other),
        };
        let is_read = is_little && class == ElfClass::Bits64;
        let interpreter = is_read.then(|| interpreter(head)).flatten();
        Some(Self {
            class,
            machine: ElfMachine::of(number, class, is_little),
            system,
            interpreter,
        })
    }

    /// The width of its addresses.
    #[must_use]
    pub fn class(&self) -> ElfClass {
        self.class
    }

    /// The processor that it was built for.
    #[must_use]
    pub fn machine(&self) -> ElfMachine {
        self.machine
    }

    /// The system that it was built for.
    #[must_use]
    pub fn system(&self) -> ElfSystem {
        self.system
    }

    /// The path of the loader that it asks for: `/lib64/ld-linux-x86-64.so.2`. None in a static
    /// program or a library, in a file of 32 bits, and where it is further back than the bytes at
    /// hand.
    #[must_use]
    pub fn interpreter(&self) -> Option<&str> {
        self.interpreter.as_deref()
    }

    /// The C library that the loader belongs to, where that is known.
    #[must_use]
    pub fn libc(&self) -> Option<Libc> {
        let name = self.interpreter()?.rsplit('/').next()?;
        if name.starts_with("ld-linux") {
            Some(Libc::Gnu)
        } else if name.starts_with("ld-musl") {
            Some(Libc::Musl)
        } else {
            None
        }
    }
}

impl ElfMachine {
    fn of(number: u16, class: ElfClass, is_little: bool) -> Self {
        match (number, class, is_little) {
            (62, ElfClass::Bits64, true) => Self::X86_64,
            (62, ElfClass::Bits32, true) => Self::X32,
            (183, _, false) => Self::Aarch64Be,
            (183, ElfClass::Bits64, true) => Self::Aarch64,
            (183, ElfClass::Bits32, true) => Self::Aarch64Ilp32,
            (3, ..) => Self::X86,
            (40, ..) => Self::Arm,
            (other, ..) => Self::Other(other),
        }
    }
}

/// The text of the segment `PT_INTERP` in a little-endian file of 64 bits.
fn interpreter(head: &[u8]) -> Option<String> {
    const PT_INTERP: u32 = 3;
    let u16_at = |at: usize| Some(u16::from_le_bytes(*head.get(at..)?.first_chunk()?));
    let u64_at = |at: usize| {
        let number = u64::from_le_bytes(*head.get(at..)?.first_chunk()?);
        usize::try_from(number).ok()
    };
    let (table, entry_bytes, count) = (u64_at(32)?, u16_at(54)?, u16_at(56)?);
    (0..usize::from(count)).find_map(|index| {
        let at = table.checked_add(index.checked_mul(entry_bytes.into())?)?;
        let kind = u32::from_le_bytes(*head.get(at..)?.first_chunk()?);
        if kind != PT_INTERP {
            return None;
        }
        let (start, length) = (u64_at(at.checked_add(8)?)?, u64_at(at.checked_add(32)?)?);
        let text = head.get(start..start.checked_add(length)?)?;
        let text = text.strip_suffix(b"\0").unwrap_or(text);
        String::from_utf8(text.to_vec()).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::{
        ElfClass::{Bits32, Bits64},
        *,
    };

    /// A file of 64 bits with one program header.
    fn elf(machine: u16, kind: u32, text: &[u8]) -> Vec<u8> {
        let mut head = vec![0; 64];
        head[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        head[18..20].copy_from_slice(&machine.to_le_bytes());
        head[32] = 64;
        head[54] = 56;
        head[56] = 1;
        head.extend(kind.to_le_bytes());
        head.extend([0; 4]);
        head.extend(120_u64.to_le_bytes());
        head.extend([0; 16]);
        head.extend(u64::try_from(text.len()).unwrap().to_le_bytes());
        head.extend([0; 16]);
        head.extend(text);
        head
    }

    #[test]
    fn processor_and_loader_are_read() {
        let gnu = ElfHeader::parse(&elf(62, 3, b"/lib64/ld-linux-x86-64.so.2\0")).unwrap();
        assert_eq!(
            (gnu.class(), gnu.machine()),
            (ElfClass::Bits64, ElfMachine::X86_64)
        );
        assert_eq!(gnu.interpreter(), Some("/lib64/ld-linux-x86-64.so.2"));
        assert_eq!(gnu.libc(), Some(Libc::Gnu));
        let musl = ElfHeader::parse(&elf(183, 3, b"/lib/ld-musl-aarch64.so.1\0")).unwrap();
        assert_eq!(
            (musl.machine(), musl.libc()),
            (ElfMachine::Aarch64, Some(Libc::Musl))
        );
        let fixed = ElfHeader::parse(&elf(183, 1, b"")).unwrap();
        assert_eq!((fixed.interpreter(), fixed.libc()), (None, None));
        let cut = &elf(62, 3, b"/lib64/ld-linux-x86-64.so.2\0")[..130];
        assert_eq!(ElfHeader::parse(cut).unwrap().interpreter(), None);
    }

    #[test]
    fn width_and_order_belong_to_the_processor() {
        let of = |number: u16, class: u8, order: u8| {
            let mut head = elf(number, 1, b"");
            (head[4], head[5]) = (class, order);
            if order == 2 {
                head[18..20].copy_from_slice(&number.to_be_bytes());
            }
            let header = ElfHeader::parse(&head).unwrap();
            (header.class(), header.machine())
        };
        assert_eq!(of(62, 2, 1), (Bits64, ElfMachine::X86_64));
        assert_eq!(of(62, 1, 1), (Bits32, ElfMachine::X32));
        assert_eq!(of(183, 2, 1), (Bits64, ElfMachine::Aarch64));
        assert_eq!(of(183, 1, 1), (Bits32, ElfMachine::Aarch64Ilp32));
        assert_eq!(of(183, 2, 2), (Bits64, ElfMachine::Aarch64Be));
        assert_eq!(of(3, 1, 1), (Bits32, ElfMachine::X86));
        assert_eq!(of(40, 1, 1), (Bits32, ElfMachine::Arm));
        assert_eq!(of(22, 2, 2), (Bits64, ElfMachine::Other(22)));
    }

    #[test]
    fn system_is_read() {
        let of = |number: u8| {
            let mut head = elf(62, 1, b"");
            head[7] = number;
            ElfHeader::parse(&head).unwrap().system()
        };
        assert_eq!((of(0), of(3)), (ElfSystem::Linux, ElfSystem::Linux));
        assert_eq!((of(9), of(2)), (ElfSystem::FreeBsd, ElfSystem::NetBsd));
        assert_eq!((of(12), of(6)), (ElfSystem::OpenBsd, ElfSystem::Solaris));
        assert_eq!(of(97), ElfSystem::Other(97));
    }

    #[test]
    fn other_files_are_no_elf() {
        for head in [
            &b""[..],
            b"\x7fELF",
            b"\x7fELF\x02\x01",
            b"#!/bin/sh",
            b"\x7fELF\x07\x01",
        ] {
            assert_eq!(ElfHeader::parse(head), None, "{head:?}");
        }
        // Offsets and counts that lead anywhere.
        let mut wild = elf(62, 3, b"x");
        wild[32..40].copy_from_slice(&[0xff; 8]);
        wild[56..58].copy_from_slice(&[0xff; 2]);
        assert_eq!(ElfHeader::parse(&wild).unwrap().interpreter(), None);
    }
}
