//! What a pickle would do, read without doing it: its length, and the Python names that it calls.
//!
//! A pickle is a program. The reader that follows ([`super::pytorch`]) executes none of it either; this walk refuses
//! programs that name anything but tensors, and bounds what the reader will build: some 100 bytes for each instruction.

/// Longer pickles are refused; 1000 tensors take about 0.2 MB.
pub(super) const LIMIT_BYTES: usize = 16 << 20;
/// More instructions are refused; a tensor takes about 40.
const LIMIT_STEPS: usize = 1_000_000;

/// One pickle that names nothing but tensors.
#[derive(Debug)]
pub(super) struct Pickle {
    /// Its length in bytes, the last instruction included.
    pub length: usize,
    /// The last Python name in it, without its module.
    pub last_name: Option<String>,
}

/// Walks the pickle at the start of `bytes`.
pub(super) fn walk(bytes: &[u8]) -> Result<Pickle, String> {
    let mut walker = Walker { bytes, at: 0 };
    let mut last_name = None;
    for _ in 0..LIMIT_STEPS {
        if walker.at > LIMIT_BYTES {
            return Err(format!("a pickle of more than {} MiB", LIMIT_BYTES >> 20));
        }
        let instruction = walker.take(1)?[0];
        match instruction {
            b'.' => return Ok(Pickle { length: walker.at, last_name }),
            b'c' => {
                let (module, name) = (walker.line()?, walker.line()?);
                allow(&module, &name)?;
                last_name = Some(name);
            }
            0x93 => return Err(format!("names given by a stack (pickle protocol 4); {RESAVE}")),
            _ => walker.skip_arguments(instruction)?,
        }
    }
    Err(format!("a pickle of more than {LIMIT_STEPS} instructions"))
}

const RESAVE: &str = "expected what torch.save(model.state_dict(), FILE) writes";

/// Names of tensors, their storages and types; the containers of a state dictionary.
fn allow(module: &str, name: &str) -> Result<(), String> {
    const TYPES: &[&str] = &[
        "float16", "float32", "float64", "bfloat16", "uint8", "int8", "int16", "int32", "int64", "bool", "Size",
        "device",
    ];
    let known = match module {
        "collections" => name == "OrderedDict",
        "torch._utils" => {
            matches!(name, "_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_tensor_v3" | "_rebuild_parameter")
        }
        "torch" | "torch.storage" => name.ends_with("Storage") || name.ends_with("Tensor") || TYPES.contains(&name),
        "torch._tensor" => name == "_rebuild_from_type_v2",
        "torch.nn.parameter" => name == "Parameter",
        "builtins" | "__builtin__" => name == "set",
        _ => false,
    };
    match known {
        true => Ok(()),
        false => {
            Err(format!("it calls the Python name {module}.{name}, which no weights need; nothing was run; {RESAVE}"))
        }
    }
}

struct Walker<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Walker<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let end = self.at.checked_add(count);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| format!("a pickle that ends in its instruction at byte {}", self.at))?;
        self.at += count;
        Ok(taken)
    }

    fn line(&mut self) -> Result<String, String> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|&byte| byte == b'\n');
        let length = length.ok_or_else(|| format!("a pickle that ends in its line at byte {}", self.at))?;
        let line = self.take(length + 1)?;
        let text = std::str::from_utf8(&line[..length]).map_err(|error| format!("a pickle: {error}"))?;
        Ok(text.trim_end_matches('\r').to_owned())
    }

    /// Past `count` bytes of length and as many bytes as they say.
    fn skip_counted(&mut self, count: usize) -> Result<(), String> {
        let mut length = [0; 8];
        length[..count].copy_from_slice(self.take(count)?);
        self.take(usize::try_from(u64::from_le_bytes(length)).unwrap_or(usize::MAX)).map(drop)
    }

    /// The argument of every instruction of protocols 0 to 5 (CPython, `Lib/pickletools.py`).
    fn skip_arguments(&mut self, instruction: u8) -> Result<(), String> {
        match instruction {
            b'('
            | b')'
            | b'0'
            | b'1'
            | b'2'
            | b'N'
            | b'Q'
            | b'R'
            | b']'
            | b'a'
            | b'b'
            | b'd'
            | b'e'
            | b'l'
            | b's'
            | b't'
            | b'u'
            | b'}'
            | 0x81
            | 0x85..=0x89
            | 0x8f..=0x92
            | 0x94 => Ok(()),
            b'K' | b'h' | b'q' | 0x80 => self.take(1).map(drop),
            b'M' => self.take(2).map(drop),
            b'J' | b'j' | b'r' => self.take(4).map(drop),
            b'G' | 0x95 => self.take(8).map(drop),
            b'F' | b'I' | b'L' | b'P' | b'V' | b'g' | b'p' => self.line().map(drop),
            b'C' | b'U' | 0x8a | 0x8c => self.skip_counted(1),
            b'B' | b'T' | b'X' | 0x8b => self.skip_counted(4),
            0x8d | 0x8e | 0x96 => self.skip_counted(8),
            other => Err(format!("a pickle with the instruction 0x{other:02x} at byte {}; {RESAVE}", self.at - 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pickle_ends_at_its_last_instruction() {
        // pickle.dumps({"a": 1.5, "b": [None, True]}, 2), then two bytes that are not its
        let bytes = b"\x80\x02}q\0(X\x01\0\0\0aG?\xf8\0\0\0\0\0\0X\x01\0\0\0b]q\x01(N\x88eu.zz";
        assert_eq!(walk(bytes).expect("a pickle").length, bytes.len() - 2);
    }

    #[test]
    fn a_call_of_the_system_is_named_and_refused() {
        // pickle.dumps of an object whose __reduce__ is (os.system, ("true",)), protocol 2
        let error = walk(b"\x80\x02cposix\nsystem\nq\0X\x04\0\0\0trueq\x01\x85q\x02Rq\x03.").expect_err("refused");
        assert!(error.contains("posix.system") && error.contains("nothing was run"), "{error}");
    }

    #[test]
    fn lengths_beyond_the_file_and_endless_programs_are_refused() {
        assert!(walk(b"\x8e\xff\xff\xff\xff\xff\xff\xff\xff.").expect_err("too long").contains("ends in"));
        assert!(walk(&vec![b'N'; LIMIT_STEPS + 1]).expect_err("too many").contains("instructions"));
        assert!(walk(b"").is_err());
    }
}
