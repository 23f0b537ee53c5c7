//! Unsigned LEB128: how WebAssembly, and the packed bundle after it, write numbers.

/// Appends a number, seven bits a byte, the lowest first.
pub fn write_number(mut number: u64, bytes: &mut Vec<u8>) {
    loop {
        let byte = u8::try_from(number & 0x7F).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            return bytes.push(byte);
        }
        bytes.push(byte | 0x80);
    }
}
