//! The macros `#[derive(Row)]` and `sql!`, which map columns and arguments by name.
//! `platform::store` exports and documents them.

mod fields;
mod text;

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{DeriveInput, Error, Expr, Ident, LitStr, Path, Token, parse_macro_input};

use fields::Place;
use text::Part;

/// Reads and writes a struct as a database row. Fields are mapped to columns by name.
///
/// `#[row(rename = "x")]` sets the column's name. `#[row(json)]` stores the field as JSON.
/// `#[row(flatten)]` replaces the field with the columns of another row. `#[row(skip)]` gives the
/// field no column, so it has its default value.
///
/// On the struct, `#[row(table = "x")]` names the table. The table's primary key must be the column
/// `id`, and `id` must be the row's first column. The macro then also implements
/// `platform::store::Table`.
#[proc_macro_derive(Row, attributes(row))]
pub fn derive_row(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    row(&input).unwrap_or_else(Error::into_compile_error).into()
}

fn row(input: &DeriveInput) -> syn::Result<TokenStream> {
    let mut columns = Vec::new();
    let mut reads = Vec::new();
    let mut writes = Vec::new();
    // An expression for the number of columns before the current field.
    let mut before = quote!(0);
    for field in fields::fields(input)? {
        let (name, kind) = (&field.name, &field.kind);
        let (read, write, list) = match &field.place {
            Place::Column(column) => (
                quote!(row.column(#before)?),
                quote!(values.push(::platform::store::Bind::bind(&self.#name));),
                quote!(&[#column]),
            ),
            Place::Json(column) => (
                quote!(row.json(#before)?),
                quote!(values.push(::platform::store::Value::json(&self.#name));),
                quote!(&[#column]),
            ),
            Place::Flattened => (
                quote!(::platform::store::FromRow::from_row(&row.after(#before))?),
                quote!(::platform::store::ToRow::bind_all(&self.#name, values);),
                quote!(<#kind as ::platform::store::FromRow>::COLUMNS),
            ),
            Place::Skipped => (
                quote!(::std::default::Default::default()),
                quote!(),
                quote!(&[]),
            ),
        };
        reads.push(quote!(#name: #read));
        writes.push(write);
        before = quote!(#before + (#list as &[&str]).len());
        columns.push(list);
    }
    let name = &input.ident;
    let mut statements = Vec::new();
    if let Some(table) = fields::table(input)? {
        for (constant, text) in text::of_table(&table, &name.to_string()) {
            let row: &[&Ident] = if text.contains(':') { &[name] } else { &[] };
            let (text, _) = statement(&LitStr::new(&text, name.span()), row, 1)?;
            let constant = Ident::new(constant, name.span());
            statements.push(quote!(const #constant: ::platform::store::Sql = #text;));
        }
    }
    let table = (!statements.is_empty())
        .then(|| quote!(impl ::platform::store::Table for #name { #(#statements)* }));
    Ok(quote! {
        #table

        impl ::platform::store::FromRow for #name {
            const COLUMNS: &'static [&'static str] =
                &::platform::store::join_columns::<{ #before }>(&[#(#columns),*]);

            fn from_row(
                row: &::platform::store::Row<'_>,
            ) -> ::std::result::Result<Self, ::platform::StoreError> {
                Ok(Self { #(#reads),* })
            }
        }

        impl ::platform::store::ToRow for #name {
            fn bind_all<'a>(
                &'a self,
                values: &mut ::std::vec::Vec<::platform::store::Value<'a>>,
            ) {
                #(#writes)*
            }
        }
    })
}

/// An SQL statement with named arguments.
///
/// In `sql!("SELECT {Event} FROM event WHERE id = :id", id)`, the value of `:id` is the variable
/// `id`. To give `:id` another value, write `id = guest.event` in place of `id`.
///
/// - `{Event}` expands to the columns of a type that derives `Row`.
/// - `{e: Event}` expands to the same columns, prefixed with `e.`.
/// - `{:Event}` expands to the values of an argument `Event = …`.
/// - `{Event = :Event}` expands to each column with its value, as in `UPDATE … SET`.
/// - `VALUES {(:Event), ...}` inserts all rows of the slice `Event = …`, the only argument. The
///   statement is written out for 64, 16, 4 and 1 rows, and the macro returns `ManyRows`.
///
/// Only a literal is accepted. So no input can become part of an SQL statement, and the test that
/// prepares every statement finds all of them.
#[proc_macro]
pub fn sql(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let call = parse_macro_input!(input as Call);
    expand(&call)
        .unwrap_or_else(Error::into_compile_error)
        .into()
}

struct Call {
    text: LitStr,
    arguments: Vec<Argument>,
}

struct Argument {
    name: Ident,
    value: Expr,
}

impl Parse for Call {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let text = input.parse()?;
        let mut arguments = Vec::new();
        while input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            let name: Ident = input.parse()?;
            let value = if input.parse::<Option<Token![=]>>()?.is_some() {
                input.parse()?
            } else {
                let name = &name;
                syn::parse_quote!(#name)
            };
            arguments.push(Argument { name, value });
        }
        if !input.is_empty() {
            return Err(input.error("expected `,` and an argument"));
        }
        Ok(Self { text, arguments })
    }
}

impl Part {
    /// The name of the argument that stands here, if one does.
    pub(crate) fn argument(&self) -> Option<&str> {
        match self {
            Self::Argument(name) => Some(name),
            Self::Values(row) | Self::ManyValues(row) | Self::Assignments(row) => {
                Some(text::argument_of(row))
            }
            Self::Sql(_) | Self::Columns { .. } => None,
        }
    }
}

/// Expands a statement; `{(:Row), ...}` becomes `times` rows. Returns an expression for the
/// statement's text and, for each argument, its row type, or `None` if the argument is not a row.
fn statement(
    text: &LitStr,
    arguments: &[&Ident],
    times: usize,
) -> syn::Result<(TokenStream, Vec<Option<Path>>)> {
    let refuse = |message: String| Error::new(text.span(), message);
    let parts = text::parts(&text.value()).map_err(refuse)?;
    let mut rows: Vec<Option<Path>> = vec![None; arguments.len()];
    if let [Part::Sql(text)] = &parts[..]
        && arguments.is_empty()
    {
        let text = quote!({
            const SQL: ::platform::store::Sql = ::platform::store::Sql::literal(#text);
            SQL
        });
        return Ok((text, rows));
    }
    let type_of = |row: &str| LitStr::new(row, text.span()).parse::<Path>();

    let mut used = BTreeSet::new();
    for part in &parts {
        let Some(name) = part.argument() else {
            continue;
        };
        let row = match part {
            Part::Values(row) | Part::ManyValues(row) | Part::Assignments(row) => {
                Some(type_of(row)?)
            }
            _ => None,
        };
        let Some(index) = arguments.iter().position(|one| *one == name) else {
            return Err(refuse(format!("`:{name}` has no argument")));
        };
        used.insert(index);
        rows[index] = row;
    }
    for (index, argument) in arguments.iter().enumerate() {
        if !used.contains(&index) {
            return Err(Error::new_spanned(argument, "no such argument in the text"));
        }
    }

    // For each argument, an expression that computes the number of its first SQL parameter. A row
    // needs one parameter for each of its columns.
    let mut number = quote!(1);
    let mut numbers = Vec::new();
    for row in &rows {
        let this = number.clone();
        let count = row.as_ref().map_or_else(
            || quote!(1),
            |row| quote!(<#row as ::platform::store::FromRow>::COLUMNS.len()),
        );
        number = quote!(#number + #count);
        numbers.push(this);
    }
    let number_of = |name: &str| {
        let index = arguments.iter().position(|one| *one == name);
        index.map(|index| numbers[index].clone())
    };
    let columns_of = |row: &str| -> syn::Result<TokenStream> {
        let row = type_of(row)?;
        Ok(quote!(<#row as ::platform::store::FromRow>::COLUMNS))
    };
    let parts = parts.iter().map(|part| {
        let inner = match part {
            Part::Sql(text) => quote!(Sql(#text)),
            Part::Argument(name) => {
                let first = number_of(name);
                quote!(Arguments { first: #first, count: 1 })
            }
            Part::Columns { row, alias } => {
                let names = columns_of(row)?;
                quote!(Columns { names: #names, alias: #alias })
            }
            Part::Values(row) => {
                let (first, names) = (number_of(text::argument_of(row)), columns_of(row)?);
                quote!(Arguments { first: #first, count: #names.len() })
            }
            Part::ManyValues(row) => {
                let names = columns_of(row)?;
                quote!(Rows { times: #times, columns: #names.len() })
            }
            Part::Assignments(row) => {
                let (first, names) = (number_of(text::argument_of(row)), columns_of(row)?);
                quote!(Assignments { first: #first, names: #names })
            }
        };
        Ok(quote!(::platform::store::Part::#inner))
    });
    let parts: Vec<TokenStream> = parts.collect::<syn::Result<_>>()?;
    let text = quote!({
        const PARTS: &[::platform::store::Part<'static>] = &[#(#parts),*];
        const LENGTH: usize = ::platform::store::Text::<0>::of(PARTS).length();
        const TEXT: &::platform::store::Text<LENGTH> = &::platform::store::Text::of(PARTS);
        const SQL: ::platform::store::Sql = ::platform::store::Sql::literal(TEXT.as_str());
        SQL
    });
    Ok((text, rows))
}

fn expand(call: &Call) -> syn::Result<TokenStream> {
    let parts = text::parts(&call.text.value()).unwrap_or_default();
    // SQLite numbers parameters by their first appearance, so this order needs no search by name.
    let mut arguments: Vec<&Argument> = call.arguments.iter().collect();
    arguments.sort_by_key(|one| {
        let is_it = |part: &Part| part.argument().is_some_and(|name| one.name == name);
        parts.iter().position(is_it)
    });
    let names: Vec<&Ident> = arguments.iter().map(|one| &one.name).collect();
    if parts.iter().any(|part| matches!(part, Part::ManyValues(_))) {
        return expand_many(call, &names);
    }
    let (text, rows) = statement(&call.text, &names, 1)?;
    if call.arguments.is_empty() {
        return Ok(text);
    }
    let values = arguments.iter().map(|one| &one.value);
    if rows.iter().all(Option::is_none) {
        return Ok(quote! {
            ::platform::store::Query::new(#text, &[#(::platform::store::Bind::bind(&(#values))),*])
        });
    }
    let values = values.zip(&rows).map(|(value, row)| {
        if let Some(row) = row {
            quote!(::platform::store::Argument::row::<#row>(&(#value)))
        } else {
            quote!(::platform::store::Argument::One(&(#value)))
        }
    });
    Ok(quote! {
        ::platform::store::Query::new(#text, &::platform::store::Argument::bind(&[#(#values),*]))
    })
}

fn expand_many(call: &Call, names: &[&Ident]) -> syn::Result<TokenStream> {
    let [argument] = &call.arguments[..] else {
        let reason = "the rows are the only argument of `{(:Row), ...}`";
        return Err(Error::new(call.text.span(), reason));
    };
    let texts = text::WIDTHS.map(|times| statement(&call.text, names, times));
    let texts: Vec<TokenStream> = texts
        .into_iter()
        .map(|one| one.map(|(text, _)| text))
        .collect::<syn::Result<_>>()?;
    let widths = text::WIDTHS;
    let rows = &argument.value;
    Ok(quote! {
        ::platform::store::ManyRows::new([#((#widths, #texts)),*], &(#rows))
    })
}

#[cfg(test)]
mod tests;
