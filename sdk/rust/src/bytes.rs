// SPDX-License-Identifier: Apache-2.0
//! A small binary form for models and states: little-endian, bounded on reading, sealed by a checksum. The same
//! bytes as `assay/bytes.hpp` makes. Optional: an entry may hold any format.

use crate::error::{Error, Result};

/// Appends values; `take` gives the bytes.
#[derive(Default)]
pub struct ByteWriter {
    out: Vec<u8>,
}

impl ByteWriter {
    pub fn new() -> ByteWriter {
        ByteWriter::default()
    }
    pub fn u8(&mut self, value: u8) {
        self.out.push(value);
    }
    pub fn u32(&mut self, value: u32) {
        self.out.extend_from_slice(&value.to_le_bytes());
    }
    pub fn u64(&mut self, value: u64) {
        self.out.extend_from_slice(&value.to_le_bytes());
    }
    pub fn i64(&mut self, value: i64) {
        self.out.extend_from_slice(&value.to_le_bytes());
    }
    pub fn f64(&mut self, value: f64) {
        self.out.extend_from_slice(&value.to_bits().to_le_bytes());
    }
    /// A count and that many bytes.
    pub fn blob(&mut self, value: &[u8]) {
        self.u64(value.len() as u64);
        self.out.extend_from_slice(value);
    }
    pub fn text(&mut self, value: &str) {
        self.blob(value.as_bytes());
    }
    pub fn f64s(&mut self, values: &[f64]) {
        self.u64(values.len() as u64);
        values.iter().for_each(|value| self.f64(*value));
    }
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }
}

/// Reads them back. Anything that does not fit is CORRUPT_ARTIFACT; no count is believed before the bytes it
/// promises are there, so hostile input costs no more memory than its own size.
pub struct ByteReader<'a> {
    rest: &'a [u8],
}

impl<'a> ByteReader<'a> {
    pub fn new(bytes: &'a [u8]) -> ByteReader<'a> {
        ByteReader { rest: bytes }
    }
    pub fn u8(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }
    pub fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }
    pub fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }
    pub fn i64(&mut self) -> Result<i64> {
        Ok(i64::from_le_bytes(self.array()?))
    }
    pub fn f64(&mut self) -> Result<f64> {
        Ok(f64::from_bits(self.u64()?))
    }
    pub fn blob(&mut self) -> Result<&'a [u8]> {
        let size = self.count(1)?;
        self.take(size)
    }
    pub fn text(&mut self) -> Result<String> {
        let bytes = self.blob()?;
        String::from_utf8(bytes.to_vec()).map_err(|_| Error::corrupt("a text is not UTF-8"))
    }
    pub fn f64s(&mut self) -> Result<Vec<f64>> {
        let count = self.count(8)?;
        (0..count).map(|_| self.f64()).collect()
    }
    /// A count of items that take at least `item_bytes` each.
    pub fn count(&mut self, item_bytes: usize) -> Result<usize> {
        let items = self.u64()?;
        if items > (self.rest.len() / item_bytes) as u64 {
            return Err(Error::corrupt("a count exceeds the bytes that follow"));
        }
        Ok(items as usize)
    }
    pub fn take(&mut self, size: usize) -> Result<&'a [u8]> {
        if size > self.rest.len() {
            return Err(Error::corrupt("it is cut short"));
        }
        let (taken, rest) = self.rest.split_at(size);
        self.rest = rest;
        Ok(taken)
    }
    /// To be called last: nothing may follow.
    pub fn end(&self) -> Result<()> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(Error::corrupt("bytes follow its end"))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }
}

/// FNV-1a, 64 bit (<http://www.isthe.com/chongo/tech/comp/fnv/>): finds accidents, not forgery.
pub fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(14695981039346656037, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(1099511628211)
    })
}

/// `magic` (which should name format and version, such as "linear-model/1"), the payload, and a checksum over
/// both.
pub fn seal(magic: &str, payload: &[u8]) -> Vec<u8> {
    let mut out = ByteWriter::new();
    out.text(magic);
    out.blob(payload);
    let sum = checksum(&out.out);
    out.u64(sum);
    out.take()
}

/// The payload. CORRUPT_ARTIFACT when it is of another magic, cut short or altered.
pub fn unseal<'a>(magic: &str, sealed: &'a [u8]) -> Result<&'a [u8]> {
    if sealed.len() < 8 {
        return Err(Error::corrupt("it is cut short"));
    }
    let (body, tail) = sealed.split_at(sealed.len() - 8);
    if ByteReader::new(tail).u64()? != checksum(body) {
        return Err(Error::corrupt("its checksum does not match; fetch the version again"));
    }
    let mut input = ByteReader::new(body);
    let found = input.blob()?;
    if found != magic.as_bytes() {
        let found = String::from_utf8_lossy(&found[..found.len().min(64)]).into_owned();
        return Err(Error::corrupt(format!("it is '{}', not '{}'", found, magic)));
    }
    let payload = input.blob()?;
    input.end()?;
    Ok(payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_comes_back_and_every_altered_byte_is_noticed() {
        let mut out = ByteWriter::new();
        out.text("name");
        out.f64s(&[1.5, -0.0]);
        out.u8(9);
        let payload = out.take();
        let sealed = seal("m/1", &payload);
        assert_eq!(unseal("m/1", &sealed).unwrap(), &payload[..]);
        for at in 0..sealed.len() {
            let mut broken = sealed.clone();
            broken[at] ^= 1;
            assert!(unseal("m/1", &broken).is_err());
            assert!(unseal("m/1", &sealed[..at]).is_err());
        }
        assert!(unseal("m/2", &sealed).unwrap_err().message().contains("it is 'm/1', not 'm/2'"));
        let mut input = ByteReader::new(&payload);
        assert_eq!(input.text().unwrap(), "name");
        assert_eq!(input.f64s().unwrap(), vec![1.5, 0.0]);
        assert!(input.end().is_err());
        assert_eq!(input.u8().unwrap(), 9);
        assert!(input.end().is_ok() && input.u8().is_err());
    }

    #[test]
    fn a_count_is_not_believed() {
        let mut out = ByteWriter::new();
        out.u64(u64::MAX);
        assert!(ByteReader::new(&out.take()).f64s().is_err());
    }
}
