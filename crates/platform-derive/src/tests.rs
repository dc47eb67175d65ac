//! Tests that SQL statements are parsed correctly, and that invalid statements and structs are
//! refused.

use super::*;

fn refusal(call: &str) -> String {
    let call = syn::parse_str::<Call>(call).and_then(|call| expand(&call));
    call.map_or_else(|error| error.to_string(), |text| text.to_string())
}

#[test]
fn an_argument_that_is_missing_or_superfluous_is_refused() {
    assert_eq!(
        refusal(r#""SELECT 1 WHERE id = :id AND key = :key", id"#),
        "`:key` has no argument"
    );
    assert_eq!(
        refusal(r#""SELECT 1 WHERE id = :id", id, key = other.key"#),
        "no such argument in the text"
    );
    assert_eq!(
        refusal(r#""INSERT INTO event ({Event}) VALUES ({:Event})", event"#),
        "`:Event` has no argument"
    );
    assert_eq!(
        refusal(r#""UPDATE event SET {Event = :Details}", Details = event"#),
        "`{Event = :Details}` names two types"
    );
    assert_eq!(
        refusal(r#""INSERT INTO a (b, {Event}) VALUES {(:Event), ...}", b, Event = all"#),
        "the rows are the only argument of `{(:Row), ...}`"
    );
    assert_eq!(
        refusal(r#""SELECT {Event FROM event""#),
        "a `{` is never closed"
    );
}

#[test]
fn what_stands_in_quotes_is_left_alone() {
    let text = "SELECT '{}', ':no' FROM a WHERE b = :b_1 AND é = x::y";
    assert_eq!(
        text::parts(text),
        Ok(vec![
            Part::Sql("SELECT '{}', ':no' FROM a WHERE b = ".to_owned()),
            Part::Argument("b_1".to_owned()),
            Part::Sql(" AND é = x::y".to_owned()),
        ])
    );
}

#[test]
fn rows_stand_in_braces() {
    let columns = |row: &str, alias: &str| Part::Columns {
        row: row.to_owned(),
        alias: alias.to_owned(),
    };
    assert_eq!(
        text::parts("{A}{b: c::A}{:A}{(:A), ...}{c::A = :c::A}"),
        Ok(vec![
            columns("A", ""),
            columns("c::A", "b."),
            Part::Values("A".to_owned()),
            Part::ManyValues("A".to_owned()),
            Part::Assignments("c::A".to_owned()),
        ])
    );
    assert_eq!(text::argument_of("c::A"), "A");
}

#[test]
fn a_field_has_one_place() {
    let item = syn::parse_quote! {
        struct Thing {
            #[row(json, skip)]
            both: i64,
        }
    };
    assert!(row(&item).is_err());
    assert!(
        row(&syn::parse_quote!(
            struct Thing(i64);
        ))
        .is_err()
    );
    assert!(
        row(&syn::parse_quote!(
            enum Thing {}
        ))
        .is_err()
    );
}

#[test]
fn a_table_has_its_id_as_its_first_column() {
    let item = syn::parse_quote! {
        #[row(table = "thing")]
        struct Thing {
            id: i64,
            name: String,
        }
    };
    let written = row(&item).map(|text| text.to_string()).unwrap();
    assert!(written.contains("INSERT INTO thing ("), "{written}");
    let item = syn::parse_quote! {
        #[row(table = "thing")]
        struct Thing {
            name: String,
            id: i64,
        }
    };
    assert!(row(&item).is_err());
}
