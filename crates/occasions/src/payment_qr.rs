//! The text of a QR code that fills in a transfer in a banking app. The format is “Quick Response
//! Code: Guidelines to Enable Data Capture for the Initiation of a SEPA Credit Transfer”, EPC069-12
//! of the European Payments Council, version 002. The format requires error correction level M,
//! which [`web::qr_code`] uses.

/// The countries and territories of the euro payments area, as the first letters of their IBANs
/// (EPC409-09).
const SEPA: &str = "AD AL AT BE BG CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MC \
    MD ME MK MT NL NO PL PT RO RS SE SI SK SM VA";

/// A transfer without an amount. The giver chooses the amount.
#[derive(Clone, Copy, Debug)]
pub struct CreditTransfer<'a> {
    /// The name of the account's holder, at most 70 characters.
    pub name: &'a str,
    /// The IBAN without spaces.
    pub iban: &'a str,
    /// The BIC; may be empty, because version 002 does not require it.
    pub bic: &'a str,
    /// The remittance information, at most 140 characters.
    pub reference: &'a str,
}

/// Returns the text with one element per line: service tag, version, character set (1: UTF-8),
/// identification, BIC, name, IBAN, amount, purpose, structured and unstructured remittance
/// information. The last non-empty element has no line end.
pub fn text(transfer: &CreditTransfer<'_>) -> String {
    let CreditTransfer {
        name,
        iban,
        bic,
        reference,
    } = transfer;
    let elements = [
        "BCD", "002", "1", "SCT", bic, name, iban, "", "", "", reference,
    ];
    elements.join("\n").trim_end_matches('\n').to_owned()
}

pub fn is_sepa(iban: &str) -> bool {
    is_iban(iban) && SEPA.split(' ').any(|country| iban.starts_with(country))
}

/// Returns whether the text is an IBAN in upper case and without spaces, with the right check
/// digits (ISO 13616, ISO 7064 MOD 97-10).
pub fn is_iban(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (15..=34) = bytes.len() else {
        return false;
    };
    let has_form = bytes[..2].iter().all(u8::is_ascii_uppercase)
        && bytes[2..4].iter().all(u8::is_ascii_digit)
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if !has_form {
        return false;
    }
    let moved = bytes[4..].iter().chain(&bytes[..4]);
    let remainder = moved.fold(0_u32, |sum, byte| match byte {
        b'0'..=b'9' => (sum * 10 + u32::from(byte - b'0')) % 97,
        letter => (sum * 100 + u32::from(letter - b'A') + 10) % 97,
    });
    remainder == 1
}

/// Whether the text begins like an IBAN, with two letters and two digits.
pub fn looks_like_iban(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() > 4
        && bytes[..2].iter().all(u8::is_ascii_alphabetic)
        && bytes[2..4].iter().all(u8::is_ascii_digit)
}

/// Returns whether the text has the form of a BIC (ISO 9362): 8 or 11 letters and digits. The fifth
/// and the sixth character must be letters.
pub fn is_bic(text: &str) -> bool {
    let bytes = text.as_bytes();
    matches!(bytes.len(), 8 | 11)
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && bytes[4..6].iter().all(u8::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The transfer from the guidelines' example, but with another amount and remittance
    /// information.
    const RED_CROSS: CreditTransfer<'_> = CreditTransfer {
        name: "Red Cross of Belgium",
        iban: "BE72000000001616",
        bic: "BPOTBEB1",
        reference: "Urgency fund",
    };

    #[test]
    fn the_payload_has_the_elements_of_the_guidelines() {
        assert_eq!(
            text(&RED_CROSS),
            "BCD\n002\n1\nSCT\nBPOTBEB1\nRed Cross of Belgium\nBE72000000001616\n\n\n\nUrgency fund"
        );
        let short = CreditTransfer {
            bic: "",
            reference: "",
            ..RED_CROSS
        };
        assert_eq!(
            text(&short),
            "BCD\n002\n1\nSCT\n\nRed Cross of Belgium\nBE72000000001616"
        );
    }

    #[test]
    fn the_longest_payload_fits_into_the_largest_code() {
        let (name, reference) = ("é".repeat(70), "é".repeat(140));
        let long = text(&CreditTransfer {
            name: &name,
            reference: &reference,
            iban: "MT84MALT011000012345MTLCAST001S",
            bic: "MALTMTMTXXX",
        });
        // The guidelines allow QR codes up to version 13, which is 69 modules wide and holds 331
        // bytes. Names with two-byte letters may need a larger version. Banking apps read larger
        // versions too.
        let (width, _) = web::qr_code::path(&long).unwrap();
        assert!(width <= 93, "{width}");
        let ascii = text(&CreditTransfer {
            name: &"e".repeat(70),
            reference: &"e".repeat(140),
            iban: "MT84MALT011000012345MTLCAST001S",
            bic: "MALTMTMTXXX",
        });
        assert!(ascii.len() <= 331, "{}", ascii.len());
        let (width, _) = web::qr_code::path(&ascii).unwrap();
        assert!(width <= 69, "{width}");
    }

    #[test]
    fn ibans_are_checked_by_their_digits() {
        for iban in [
            "BE72000000001616",
            "DE89370400440532013000",
            "GB82WEST12345698765432",
            "MT84MALT011000012345MTLCAST001S",
            "SA0380000000608010167519",
        ] {
            assert!(is_iban(iban), "{iban}");
        }
        for wrong in [
            "BE72000000001617",
            "DE89 3704 0044 0532 0130 00",
            "de89370400440532013000",
            "DE8937040044053201300",
            "1234567890",
            "",
        ] {
            assert!(!is_iban(wrong), "{wrong}");
        }
        assert!(is_sepa("DE89370400440532013000"));
        assert!(!is_sepa("SA0380000000608010167519"), "no euro payments");
    }

    #[test]
    fn bics_have_eight_or_eleven_characters() {
        assert!(is_bic("BPOTBEB1") && is_bic("MALTMTMTXXX"));
        for wrong in ["", "BPOTBEB", "BPOT12B1", "bpotbeb1", "BPOTBEB1X"] {
            assert!(!is_bic(wrong), "{wrong}");
        }
    }
}
