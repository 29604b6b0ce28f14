//! Formats that the API server enforces: those that Go's decoding of built-in kinds does, and those
//! that CRDs name.

mod codes;
mod email;
mod network;
mod times;

use spanned_yaml::Scalar;

use super::versions::Versions;
use crate::kube::{Quantity, suggest_quantity};
use codes::is_base64;

/// What a text or a number must look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    #[default]
    None,
    Int32,
    Int64,
    /// Base64, as Go's `encoding/base64` decodes it.
    Byte,
    /// Base64, as CRDs have it: not empty, and without line ends.
    CustomByte,
    /// RFC 3339, as Go's `time.Parse` reads it.
    DateTime,
    /// RFC 3339 as CRDs have it, in small letters too.
    CustomTime,
    /// RFC 3339 with exactly six digits of the second's fraction.
    MicroTime,
    /// `2006-01-02`.
    Date,
    Quantity,
    Ipv4,
    Ipv6,
    Cidr,
    /// With its version, if that is asked for.
    Uuid(Option<u8>),
    Uri,
    Email,
    Hostname,
    Mac,
    Duration,
    Isbn,
    Isbn10,
    Isbn13,
    CreditCard,
    Ssn,
    HexColor,
    RgbColor,
    BsonId,
    /// `k8s-short-name`: a label of DNS.
    ShortName,
    /// `k8s-long-name`: labels of DNS, parted by dots.
    LongName,
}

impl Format {
    /// A format of the table of built-in kinds.
    pub(super) fn of_table(name: &str) -> Option<Self> {
        Some(match name {
            "" | "double" => Self::None,
            "int32" => Self::Int32,
            "int64" => Self::Int64,
            "byte" => Self::Byte,
            "date-time" => Self::DateTime,
            "micro-time" => Self::MicroTime,
            "quantity" => Self::Quantity,
            _ => return None,
        })
    }

    /// A format that a CRD names for a type, which is empty where none is named; those that the API
    /// server doesn't enforce are none (apiextensions-apiserver, `pkg/apiserver/validation/formats.go`).
    pub(super) fn of_custom(name: &str, of_type: &str) -> Self {
        match of_type {
            "integer" if name == "int32" => return Self::Int32,
            "integer" if name == "int64" => return Self::Int64,
            "" | "string" => {}
            _ => return Self::None,
        }
        match name.replace('-', "").as_str() {
            "byte" => Self::CustomByte,
            "datetime" => Self::CustomTime,
            "date" => Self::Date,
            "ipv4" => Self::Ipv4,
            "ipv6" => Self::Ipv6,
            "cidr" => Self::Cidr,
            "uuid" => Self::Uuid(None),
            "uuid3" => Self::Uuid(Some(3)),
            "uuid4" => Self::Uuid(Some(4)),
            "uuid5" => Self::Uuid(Some(5)),
            "uri" => Self::Uri,
            "email" => Self::Email,
            "hostname" => Self::Hostname,
            "mac" => Self::Mac,
            "duration" => Self::Duration,
            "isbn" => Self::Isbn,
            "isbn10" => Self::Isbn10,
            "isbn13" => Self::Isbn13,
            "creditcard" => Self::CreditCard,
            "ssn" => Self::Ssn,
            "hexcolor" => Self::HexColor,
            "rgbcolor" => Self::RgbColor,
            "bsonobjectid" => Self::BsonId,
            "k8sshortname" => Self::ShortName,
            "k8slongname" => Self::LongName,
            _ => Self::None,
        }
    }

    /// Whether it says something about texts.
    pub(super) fn is_of_texts(self) -> bool {
        !matches!(self, Self::None | Self::Int32 | Self::Int64)
    }

    /// The versions that enforce it. What a CRD may name since 1.34 counts from 1.35 on: the API server
    /// stays compatible with the version before its own.
    pub(super) fn versions(self) -> Versions {
        match self {
            Self::ShortName | Self::LongName => {
                (35..64).map(Versions::minor).fold(Versions::NONE, Versions::or)
            }
            _ => Versions::ALL,
        }
    }

    /// What is wrong with a value, as the end of a sentence, and what to write instead.
    pub(super) fn problem(self, value: Scalar<'_>) -> Option<(&'static str, Option<String>)> {
        let text = match value {
            Scalar::Str(text) | Scalar::Timestamp(text) => text,
            Scalar::Int(number) if self == Self::Int32 => {
                return i32::try_from(number).is_err().then_some(("no 32-bit integer", None));
            }
            // As many digits as JSON has for it.
            Scalar::Float(number) if self == Self::Int32 && number.abs() >= 2_147_483_648.0 => {
                return Some(("no 32-bit integer", None));
            }
            Scalar::Float(number) if self == Self::Int64 && number.abs() >= 9.3e18 => {
                return Some(("no 64-bit integer", None));
            }
            Scalar::UInt(_) if self == Self::Int32 => return Some(("no 32-bit integer", None)),
            Scalar::UInt(_) if self == Self::Int64 => return Some(("no 64-bit integer", None)),
            _ => return None,
        };
        let wrong = |is_right: bool, what| (!is_right).then_some((what, None));
        match self {
            Self::None | Self::Int32 | Self::Int64 => None,
            Self::Byte => wrong(is_base64(text), "no base64"),
            Self::CustomByte => {
                let is_right = !text.is_empty() && !text.contains(['\r', '\n']) && is_base64(text);
                wrong(is_right, "no base64")
            }
            Self::CustomTime => wrong(times::is_custom_time(text), "no time as RFC 3339 has it"),
            Self::DateTime => wrong(times::is_time(text, None), "no time as RFC 3339 has it"),
            Self::MicroTime => wrong(
                times::is_time(text, Some(6)),
                "no time as RFC 3339 has it, with microseconds",
            ),
            Self::Date => wrong(times::is_date(text), "no date"),
            Self::Quantity => {
                Quantity::parse(text).is_err().then(|| ("no quantity", suggest_quantity(text)))
            }
            Self::Ipv4 => {
                wrong(text.contains('.') && network::address(text).is_some(), "no IPv4 address")
            }
            Self::Ipv6 => wrong(text.parse::<std::net::Ipv6Addr>().is_ok(), "no IPv6 address"),
            Self::Cidr => wrong(network::is_cidr(text), "no CIDR"),
            Self::Uuid(version) => wrong(
                codes::is_uuid(text, version),
                match version {
                    None => "no UUID",
                    Some(3) => "no UUID of version 3",
                    Some(4) => "no UUID of version 4",
                    Some(_) => "no UUID of version 5",
                },
            ),
            Self::Uri => wrong(network::is_uri(text), "no URI"),
            Self::Email => wrong(email::is_email(text), "no email address"),
            Self::Hostname => wrong(network::is_hostname(text), "no host name"),
            Self::Mac => wrong(network::is_mac(text), "no MAC address"),
            Self::Duration => wrong(times::is_duration(text), "no duration"),
            Self::Isbn => wrong(codes::is_isbn10(text) || codes::is_isbn13(text), "no ISBN"),
            Self::Isbn10 => wrong(codes::is_isbn10(text), "no ISBN of ten digits"),
            Self::Isbn13 => wrong(codes::is_isbn13(text), "no ISBN of thirteen digits"),
            Self::CreditCard => wrong(codes::is_credit_card(text), "no credit card number"),
            Self::Ssn => wrong(codes::is_ssn(text), "no social security number"),
            Self::HexColor => wrong(codes::is_hex_color(text), "no hexadecimal colour"),
            Self::RgbColor => wrong(codes::is_rgb_color(text), "no RGB colour"),
            Self::BsonId => wrong(codes::is_bson_id(text), "no BSON object id"),
            Self::ShortName => wrong(codes::is_name(text, 63, false), "no short Kubernetes name"),
            Self::LongName => wrong(codes::is_name(text, 253, true), "no long Kubernetes name"),
        }
    }
}
