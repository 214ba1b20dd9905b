//! The elements of a DICOM file, one after the other, borrowed from its bytes.
//!
//! Own reader: the crates for it reserve and zero as many bytes as an element claims to have (up to 4 GiB for a file of a
//! hundred) and follow nested sequences by recursion. Here nothing is allocated, and a length beyond the file is an error.
//! Source: DICOM PS3.5, section 7.

/// An element of the data set itself, not of a sequence in it.
pub(super) struct Element<'a> {
    pub(super) tag: u32,
    /// Empty for sequences.
    pub(super) value: &'a [u8],
}

/// How elements are written.
#[derive(Clone, Copy, PartialEq)]
struct Syntax {
    explicit: bool,
    big: bool,
}

const META: Syntax = Syntax { explicit: true, big: false };
const TRANSFER_SYNTAX: u32 = 0x0002_0010;
const PIXEL_DATA: u32 = 0x7fe0_0010;
const ITEM_END: u32 = 0xfffe_e00d;
const SEQUENCE_END: u32 = 0xfffe_e0dd;
/// The length of a value that ends with a delimiter.
const UNDEFINED: u32 = u32::MAX;
/// Most elements outside sequences.
const ELEMENTS: usize = 10_000;

/// The elements of `file`, up to and with the pixel data; `true` if numbers are big-endian.
pub(super) fn elements(file: &[u8]) -> Result<(Vec<Element<'_>>, bool), String> {
    if file.get(128..132) != Some(b"DICM") {
        return Err("no DICOM file: no \"DICM\" at byte 128".to_owned());
    }
    let mut reader = Reader { file, at: 132, syntax: META };
    let mut elements = Vec::new();
    let mut syntax = None;
    while reader.at < file.len() {
        if reader.syntax == META && !file[reader.at..].starts_with(&[2, 0]) && syntax.is_none() {
            let named = elements.iter().find(|element: &&Element<'_>| element.tag == TRANSFER_SYNTAX);
            let chosen = transfer_syntax(named.map(|element| element.value).unwrap_or_default())?;
            reader.syntax = chosen;
            syntax = Some(chosen);
        }
        let element = reader.element()?;
        let last = element.tag == PIXEL_DATA;
        elements.push(element);
        if last {
            break;
        }
        if elements.len() > ELEMENTS {
            return Err(format!("more than {ELEMENTS} elements"));
        }
    }
    Ok((elements, syntax.is_some_and(|syntax| syntax.big)))
}

fn transfer_syntax(uid: &[u8]) -> Result<Syntax, String> {
    let uid = String::from_utf8_lossy(uid);
    match uid.trim_matches(['\0', ' ']) {
        "1.2.840.10008.1.2" => Ok(Syntax { explicit: false, big: false }),
        "1.2.840.10008.1.2.1" => Ok(Syntax { explicit: true, big: false }),
        "1.2.840.10008.1.2.2" => Ok(Syntax { explicit: true, big: true }),
        other => Err(format!(
            "transfer syntax {:?} is compressed or unknown; decompress it, e.g. with gdcmconv --raw",
            other.chars().take(64).collect::<String>()
        )),
    }
}

struct Reader<'a> {
    file: &'a [u8],
    at: usize,
    syntax: Syntax,
}

struct Head {
    tag: u32,
    length: u32,
    sequence: bool,
}

impl<'a> Reader<'a> {
    fn element(&mut self) -> Result<Element<'a>, String> {
        let Head { tag, length, sequence } = self.head()?;
        if length == UNDEFINED && tag == PIXEL_DATA {
            return Err("its pixel data are compressed; decompress it, e.g. with gdcmconv --raw".to_owned());
        }
        let value = if length == UNDEFINED {
            self.skip_nested()?;
            &[]
        } else {
            self.take(length as usize)?
        };
        Ok(Element { tag, value: if sequence { &[] } else { value } })
    }

    fn head(&mut self) -> Result<Head, String> {
        let tag = u32::from(self.short()?) << 16 | u32::from(self.short()?);
        if !self.syntax.explicit || tag >> 16 == 0xfffe {
            return Ok(Head { tag, length: self.long()?, sequence: false });
        }
        let kind = self.take(2)?;
        let long = matches!(
            kind,
            b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"SQ" | b"SV" | b"UC" | b"UN" | b"UR" | b"UT" | b"UV"
        );
        let length = if long {
            self.take(2)?;
            self.long()?
        } else {
            u32::from(self.short()?)
        };
        Ok(Head { tag, length, sequence: kind == b"SQ" })
    }

    /// Behind the delimiter that ends a value of undefined length; counts levels instead of descending.
    fn skip_nested(&mut self) -> Result<(), String> {
        let mut depth = 1usize;
        while depth > 0 {
            let Head { tag, length, .. } = self.head()?;
            match tag {
                ITEM_END | SEQUENCE_END => depth -= 1,
                _ if length == UNDEFINED => depth += 1,
                _ => drop(self.take(length as usize)?),
            }
        }
        Ok(())
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let end = self.at.checked_add(length).filter(|end| *end <= self.file.len());
        let end = end.ok_or_else(|| format!("ends within {length} bytes at byte {}", self.at))?;
        let value = &self.file[self.at..end];
        self.at = end;
        Ok(value)
    }

    fn short(&mut self) -> Result<u16, String> {
        let bytes: [u8; 2] = self.take(2)?.try_into().expect("two bytes");
        Ok(if self.syntax.big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn long(&mut self) -> Result<u32, String> {
        let bytes: [u8; 4] = self.take(4)?.try_into().expect("four bytes");
        Ok(if self.syntax.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }
}
