//! Finds the structs that derive `Row` in the sources.

use std::path::{Path, PathBuf};

use syn::{Attribute, DeriveInput, Item, Type};

use super::fields::{self, Field, Place};
use super::text;

/// Every struct in the sources that derives `Row`.
pub(super) struct RowTypes(Vec<RowType>);

struct RowType {
    file: PathBuf,
    name: String,
    columns: Vec<Column>,
    /// The table in the row type's attribute, if there is one.
    table: Option<String>,
}

enum Column {
    Named(String),
    /// The columns of another row type, from a flattened field.
    Of(String),
}

impl RowTypes {
    pub(super) fn find(sources: &[(PathBuf, String)]) -> Self {
        let derives = |source: &str| source.contains("Row)]") || source.contains("Row,");
        let mut found = Vec::new();
        for (file, source) in sources.iter().filter(|(_, source)| derives(source)) {
            let parsed = syn::parse_file(source)
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            for item in parsed.items {
                if let Item::Struct(item) = item
                    && item.attrs.iter().any(derives_row)
                {
                    found.push(RowType::of(file, &DeriveInput::from(item)));
                }
            }
        }
        Self(found)
    }

    /// Returns the statements of the row types that name their tables, each with the type's file.
    pub(super) fn of_tables(&self) -> impl Iterator<Item = (&Path, String)> {
        self.0.iter().flat_map(|kind| {
            let table = kind.table.iter();
            let texts = table.flat_map(move |table| text::of_table(table, &kind.name));
            texts.map(move |(_, text)| (kind.file.as_path(), text))
        })
    }

    /// Returns the columns of the row type to which a statement in `file` refers as `row`.
    pub(super) fn columns(&self, row: &str, file: &Path) -> Vec<String> {
        let kind = self.kind(row, file);
        let columns = kind.columns.iter();
        columns
            .flat_map(|column| match column {
                Column::Named(name) => vec![name.clone()],
                Column::Of(row) => self.columns(row, &kind.file),
            })
            .collect()
    }

    /// A name without a path means the type in the same file, or else the only type with this name.
    /// If several types have it, a path must be given, as in `event::Details`.
    fn kind(&self, row: &str, file: &Path) -> &RowType {
        let mut path: Vec<&str> = row.split("::").collect();
        let name = path.pop().unwrap_or_default();
        let lies_in = |kind: &&RowType| {
            let file = kind.file.with_extension("");
            path.last().is_none_or(|module| {
                file.ends_with(module) || file.ends_with(Path::new(module).join("mod"))
            })
        };
        let named: Vec<&RowType> = self
            .0
            .iter()
            .filter(|kind| kind.name == name)
            .filter(lies_in)
            .collect();
        let here = named
            .iter()
            .find(|kind| path.is_empty() && kind.file == file);
        match (here, &named[..]) {
            (Some(kind), _) | (None, [kind]) => kind,
            (None, []) => panic!("{}: no row is called {row}", file.display()),
            (None, _) => panic!("{}: say in which module {row} is", file.display()),
        }
    }
}

impl RowType {
    fn of(file: &Path, item: &DeriveInput) -> Self {
        let read = fields::fields(item).and_then(|all| Ok((all, fields::table(item)?)));
        let (fields, table) = read.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let columns = fields.into_iter().filter_map(|field| match field.place {
            Place::Column(name) | Place::Json(name) => Some(Column::Named(name)),
            Place::Flattened => Some(Column::Of(path_of(&field))),
            Place::Skipped => None,
        });
        Self {
            file: file.to_owned(),
            name: item.ident.to_string(),
            columns: columns.collect(),
            table,
        }
    }
}

fn derives_row(attribute: &Attribute) -> bool {
    let mut found = false;
    if attribute.path().is_ident("derive") {
        let each = attribute.parse_nested_meta(|meta| {
            found |= meta
                .path
                .segments
                .last()
                .is_some_and(|last| last.ident == "Row");
            Ok(())
        });
        each.expect("a list of derives");
    }
    found
}

fn path_of(field: &Field) -> String {
    let Type::Path(kind) = &field.kind else {
        panic!("{} is flattened, and no struct", field.name);
    };
    let segments = kind.path.segments.iter();
    let segments: Vec<String> = segments.map(|one| one.ident.to_string()).collect();
    segments.join("::")
}
