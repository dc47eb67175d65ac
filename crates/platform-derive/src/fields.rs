//! Parses the fields of a struct that derives `Row`. The test that prepares every SQL statement
//! also compiles this file.

use syn::ext::IdentExt as _;
use syn::{Data, DeriveInput, Error, Ident, LitStr, Type};

pub(crate) struct Field {
    pub(crate) name: Ident,
    pub(crate) kind: Type,
    pub(crate) place: Place,
}

/// How a field maps to the columns of a row.
pub(crate) enum Place {
    Column(String),
    /// A column that holds JSON.
    Json(String),
    /// The field's type is itself a row. Its columns take the field's place.
    Flattened,
    /// No column. The field gets its default value.
    Skipped,
}

pub(crate) fn fields(input: &DeriveInput) -> syn::Result<Vec<Field>> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(&input.ident, "a row is a struct"));
    };
    data.fields.iter().map(field).collect()
}

/// Returns the table that `#[row(table = "…")]` names. The row's first column must be `id`.
pub(crate) fn table(input: &DeriveInput) -> syn::Result<Option<String>> {
    let mut table = None;
    for attribute in input.attrs.iter().filter(|one| one.path().is_ident("row")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("table") {
                return Err(meta.error("`table = \"…\"`"));
            }
            table = Some(meta.value()?.parse::<LitStr>()?.value());
            Ok(())
        })?;
    }
    let first = fields(input)?.into_iter().next().map(|first| first.place);
    match first {
        Some(Place::Column(name)) if name == "id" => {}
        _ if table.is_none() => {}
        _ => return Err(Error::new_spanned(input, "the first column is `id`")),
    }
    Ok(table)
}

fn field(field: &syn::Field) -> syn::Result<Field> {
    let Some(name) = &field.ident else {
        return Err(Error::new_spanned(field, "a row's fields have names"));
    };
    let mut column = name.unraw().to_string();
    let (mut is_json, mut is_flattened, mut is_skipped) = (false, false, false);
    for attribute in field.attrs.iter().filter(|one| one.path().is_ident("row")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") {
                column = meta.value()?.parse::<LitStr>()?.value();
            } else if meta.path.is_ident("json") {
                is_json = true;
            } else if meta.path.is_ident("flatten") {
                is_flattened = true;
            } else if meta.path.is_ident("skip") {
                is_skipped = true;
            } else {
                return Err(meta.error("`rename = \"…\"`, `json`, `flatten` or `skip`"));
            }
            Ok(())
        })?;
    }
    let place = match (is_flattened, is_skipped, is_json) {
        (false, false, false) => Place::Column(column),
        (false, false, true) => Place::Json(column),
        (true, false, false) => Place::Flattened,
        (false, true, false) => Place::Skipped,
        _ => return Err(Error::new_spanned(name, "only one of these")),
    };
    Ok(Field {
        name: name.clone(),
        kind: field.ty.clone(),
        place,
    })
}
