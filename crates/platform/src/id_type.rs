//! The macro that declares identifier types, which are stored as text.

/// Declares an id type: `id!(NoteId, "One note.");`, or `id!(SlotId, random, "One slot.");` if
/// strangers can see the id.
#[macro_export]
macro_rules! id {
    ($name:ident, $doc:literal) => {
        $crate::id!(@ $name, false, $doc);
    };
    ($name:ident, random, $doc:literal) => {
        $crate::id!(@ $name, true, $doc);
    };
    (@ $name:ident, $is_random:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, $crate::serde::Serialize)]
        #[serde(crate = "platform::serde", transparent)]
        pub struct $name($crate::id::IdText);

        impl $name {
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl $crate::id::Id for $name {
            const IS_RANDOM: bool = $is_random;

            fn from_text(text: String) -> Self {
                Self(text.as_str().into())
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.0.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::id::NotAnId;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let text = $crate::id::parse(text).ok_or($crate::id::NotAnId)?;
                Ok(Self(text.as_str().into()))
            }
        }

        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                let text =
                    <::std::borrow::Cow<'de, str> as $crate::serde::Deserialize>::deserialize(
                        deserializer,
                    )?;
                text.parse().map_err($crate::serde::de::Error::custom)
            }
        }

        impl $crate::utoipa::PartialSchema for $name {
            fn schema() -> $crate::utoipa::openapi::RefOr<$crate::utoipa::openapi::Schema> {
                <String as $crate::utoipa::PartialSchema>::schema()
            }
        }

        impl $crate::utoipa::ToSchema for $name {
            fn name() -> ::std::borrow::Cow<'static, str> {
                $crate::id::TEXT_SCHEMA.into()
            }
        }

        impl $crate::store::Bind for $name {
            fn bind(&self) -> $crate::store::Value<'_> {
                $crate::store::Value::Text(self.0.as_str())
            }
        }

        impl $crate::store::Column for $name {
            fn read(value: $crate::store::Value<'_>) -> Option<Self> {
                <$crate::id::IdText as $crate::store::Column>::read(value).map(Self)
            }
        }
    };
}
