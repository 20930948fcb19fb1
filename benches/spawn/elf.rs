//! The smallest program that there is: an ELF file of three instructions. Made here, so that the
//! benchmark needs no compiler and no C library on the machine.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// `exit_group(0)` in machine code.
#[cfg(target_arch = "x86_64")]
const CODE: [u8; 9] = [0x31, 0xff, 0xb8, 0xe7, 0x00, 0x00, 0x00, 0x0f, 0x05];
#[cfg(target_arch = "aarch64")]
const CODE: [u8; 12] = [0x00, 0x00, 0x80, 0xd2, 0xc8, 0x0b, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4];

#[cfg(target_arch = "x86_64")]
const MACHINE: u16 = 62;
#[cfg(target_arch = "aarch64")]
const MACHINE: u16 = 183;

/// Writes the program, executable for everybody.
pub fn write(path: &Path) -> std::io::Result<()> {
    const BASE: u64 = 0x40_0000;
    const HEADERS: u64 = 64 + 56;
    let size = HEADERS + CODE.len() as u64;
    let mut file = Vec::new();
    // The ELF header of elf(5): 64 bits, little endian, an executable with one segment.
    file.extend_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    file.extend_from_slice(&2u16.to_le_bytes());
    file.extend_from_slice(&MACHINE.to_le_bytes());
    file.extend_from_slice(&1u32.to_le_bytes());
    for address in [BASE + HEADERS, 64, 0] {
        file.extend_from_slice(&address.to_le_bytes());
    }
    file.extend_from_slice(&0u32.to_le_bytes());
    for number in [64u16, 56, 1, 0, 0, 0] {
        file.extend_from_slice(&number.to_le_bytes());
    }
    // Its segment: all of the file, readable and executable.
    file.extend_from_slice(&1u32.to_le_bytes());
    file.extend_from_slice(&5u32.to_le_bytes());
    for number in [0, BASE, BASE, size, size, 0x1000] {
        file.extend_from_slice(&number.to_le_bytes());
    }
    file.extend_from_slice(&CODE);
    std::fs::write(path, file)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}
