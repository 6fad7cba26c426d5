//! `numeric`: digits to the base 10,000, the place of the first, and a sign.

use arrow_array::ArrowNativeTypeOp;

use super::Fault;
use super::numbers::big_endian;

/// Returns the number without its decimal point, of which `scale` digits stand behind it.
pub(super) fn unscaled<N>(bytes: &[u8], scale: i8) -> Result<N, Fault>
where
    N: ArrowNativeTypeOp + From<i16>,
{
    let (head, digits) = bytes.split_first_chunk::<8>().ok_or(Fault::Malformed)?;
    let part = |at: usize| head.get(at..at + 2).map_or(Err(Fault::Malformed), big_endian::<2>);
    let (count, weight, sign) = (part(0)?, part(2)?, part(4)?);
    let (count, weight) = (u16::from_be_bytes(count), i16::from_be_bytes(weight));
    let is_negative = match u16::from_be_bytes(sign) {
        POSITIVE => false,
        NEGATIVE => true,
        NAN => return Err(Fault::Unfit("`NaN`".to_owned())),
        INFINITY => return Err(Fault::Unfit("`Infinity`".to_owned())),
        NEGATIVE_INFINITY => return Err(Fault::Unfit("`-Infinity`".to_owned())),
        _ => return Err(Fault::Malformed),
    };
    if digits.len() != usize::from(count) * 2 {
        return Err(Fault::Malformed);
    }
    let mut number = N::ZERO;
    // The power of ten that a digit of the base is worth, once the point is gone.
    let mut power = i32::from(weight) * DIGITS + i32::from(scale);
    for digit in digits.chunks_exact(2) {
        let digit = i16::from_be_bytes(big_endian(digit)?);
        number = add(number, digit, power)?;
        power -= DIGITS;
    }
    if is_negative { number.neg_checked().map_err(|_| too_large()) } else { Ok(number) }
}

/// Adds a digit of the base at its place.
fn add<N: ArrowNativeTypeOp + From<i16>>(number: N, digit: i16, power: i32) -> Result<N, Fault> {
    let value = match u32::try_from(power) {
        Ok(power) if digit != 0 => {
            N::from(10).pow_checked(power).and_then(|worth| N::from(digit).mul_checked(worth))
        }
        Ok(_) => return Ok(number),
        // Digits behind the scale are zeros: the server rounds to it.
        Err(_) => {
            let worth = 10_i16.checked_pow(power.unsigned_abs()).unwrap_or(i16::MAX);
            if digit % worth != 0 {
                return Err(Fault::Malformed);
            }
            Ok(N::from(digit / worth))
        }
    };
    value.and_then(|value| number.add_checked(value)).map_err(|_| too_large())
}

fn too_large() -> Fault {
    Fault::Unfit("a number with more digits than its column".to_owned())
}

/// How many decimal digits one digit of the base has.
const DIGITS: i32 = 4;
const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xc000;
const INFINITY: u16 = 0xd000;
const NEGATIVE_INFINITY: u16 = 0xf000;
