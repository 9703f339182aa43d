//! The protobuf wire format: tags, varints and length-delimited bytes.

use super::ProtoError;

/// What a field holds on the wire.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Wire<'a> {
    /// Integers, booleans and enums.
    Varint(u64),
    /// Doubles.
    Fixed64(u64),
    /// Strings, bytes, messages and packed lists.
    Bytes(&'a [u8]),
    /// What Kubernetes never writes: read over.
    Other,
}

impl<'a> Wire<'a> {
    pub(super) fn varint(self) -> Result<u64, ProtoError> {
        match self {
            Self::Varint(value) => Ok(value),
            _ => Err(ProtoError::Malformed("proto: wrong wireType")),
        }
    }

    pub(super) fn bytes(self) -> Result<&'a [u8], ProtoError> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(ProtoError::Malformed("proto: wrong wireType")),
        }
    }

    /// `string`; what is no UTF-8 is replaced, since JSON could not hold it.
    pub(super) fn string(self) -> Result<String, ProtoError> {
        Ok(String::from_utf8_lossy(self.bytes()?).into_owned())
    }

    /// `int32`, which is written as 64 bits when it is negative: the upper ones are dropped.
    pub(super) fn int32(self) -> Result<i32, ProtoError> {
        let value = self.varint()?.cast_signed();
        Ok(i32::try_from(value)
            .unwrap_or_else(|_| u32::try_from(value & 0xffff_ffff).unwrap_or_default().cast_signed()))
    }
}

/// The fields of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message<'a> {
    rest: &'a [u8],
}

impl<'a> Message<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next field: its number and what it holds.
    pub(super) fn next(&mut self) -> Result<Option<(u32, Wire<'a>)>, ProtoError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (number, kind) = self.tag()?;
        let wire = match kind {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => Wire::Bytes(self.delimited()?),
            3 => {
                self.skip_group()?;
                Wire::Other
            }
            5 => {
                self.array::<4>()?;
                Wire::Other
            }
            4 => return Err(ProtoError::Malformed("proto: wiretype end group for non-group")),
            _ => return Err(ProtoError::Malformed("proto: illegal wireType")),
        };
        Ok(Some((number, wire)))
    }

    /// The varints of a packed list.
    pub(super) fn next_packed(&mut self) -> Result<Option<Wire<'a>>, ProtoError> {
        if self.rest.is_empty() { Ok(None) } else { self.varint().map(|value| Some(Wire::Varint(value))) }
    }

    fn tag(&mut self) -> Result<(u32, u8), ProtoError> {
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).ok().filter(|number| *number > 0);
        let number = number.ok_or(ProtoError::Malformed("proto: illegal tag"))?;
        Ok((number, u8::try_from(tag & 7).unwrap_or_default()))
    }

    fn varint(&mut self) -> Result<u64, ProtoError> {
        let mut value = 0;
        for shift in (0..70).step_by(7) {
            let Some((byte, rest)) = self.rest.split_first() else {
                return Err(ProtoError::Malformed("unexpected EOF"));
            };
            self.rest = rest;
            if shift < 64 {
                value |= u64::from(byte & 0x7f) << shift;
            }
            if *byte < 0x80 {
                return Ok(value);
            }
        }
        Err(ProtoError::Malformed("proto: integer overflow"))
    }

    fn delimited(&mut self) -> Result<&'a [u8], ProtoError> {
        let length = usize::try_from(self.varint()?).ok();
        let parts = length.and_then(|length| self.rest.split_at_checked(length));
        let (bytes, rest) = parts.ok_or(ProtoError::Malformed("unexpected EOF"))?;
        self.rest = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ProtoError> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(ProtoError::Malformed("unexpected EOF"))?;
        self.rest = rest;
        Ok(*bytes)
    }

    /// Reads over a group, whose groups nest: counted, not recursed.
    fn skip_group(&mut self) -> Result<(), ProtoError> {
        let mut open = 1_usize;
        while open > 0 {
            match self.tag()?.1 {
                0 => _ = self.varint()?,
                1 => _ = self.array::<8>()?,
                2 => _ = self.delimited()?,
                3 => open += 1,
                4 => open -= 1,
                5 => _ = self.array::<4>()?,
                _ => return Err(ProtoError::Malformed("proto: illegal wireType")),
            }
        }
        Ok(())
    }
}

/// Writes a varint.
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap_or_default() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap_or_default());
}

/// Writes an integer field.
pub fn put_int(out: &mut Vec<u8>, number: u32, value: i64) {
    put_varint(out, u64::from(number) << 3);
    put_varint(out, value.cast_unsigned());
}

/// Writes a double field.
pub fn put_double(out: &mut Vec<u8>, number: u32, value: f64) {
    put_varint(out, u64::from(number) << 3 | 1);
    out.extend(value.to_le_bytes());
}

/// Writes a length-delimited field.
pub fn put_bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    put_varint(out, u64::from(number) << 3 | 2);
    put_varint(out, u64::try_from(bytes.len()).unwrap_or_default());
    out.extend_from_slice(bytes);
}
