//! Posts in a folder of Markdown files.

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageFormat};
use platform::{Rows, StoreError, Tx, sql};
use posts::markdown_folder::{self, Counts, FolderError, Remark};
use serde_json::{Value, json};

use crate::stage::{API, Person, Publishing, Stage, editor, on_both};

fn picture() -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let picture = DynamicImage::new_rgb8(30, 20);
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

/// The contents of all files in a folder, by path.
pub(crate) fn contents(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut all, mut open) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                all.insert(name, fs::read(path).unwrap());
            }
        }
    }
    all
}

async fn import(stage: &Stage<'_>, root: &Path, is_dry: bool) -> Result<Counts, FolderError> {
    import_with_remarks(stage, root, is_dry)
        .await
        .map(|(counts, _)| counts)
}

async fn import_with_remarks(
    stage: &Stage<'_>,
    root: &Path,
    is_dry: bool,
) -> Result<(Counts, Vec<Remark>), FolderError> {
    let folder = markdown_folder::read(&stage.site, root).await?;
    markdown_folder::import(&stage.site, folder, is_dry).await
}

/// Imports a folder. Returns the remarks.
async fn remarks(stage: &Stage<'_>, files: &[(&str, &[u8])]) -> (Counts, Vec<String>) {
    let root = folder(files);
    let imported = import_with_remarks(stage, root.path(), false).await;
    let (counts, remarks) = imported.unwrap();
    (counts, remarks.iter().map(ToString::to_string).collect())
}

/// All posts, as editors see them, by slug.
async fn posts(farah: &mut Person) -> BTreeMap<String, Value> {
    let items = farah.program.get(API).await.json();
    let items = items["items"].as_array().unwrap();
    let slug = |post: &Value| post["slug"].as_str().unwrap().to_owned();
    items
        .iter()
        .map(|post| (slug(post), post.clone()))
        .collect()
}

const HUGO: &str = "+++\ntitle = 'Rain'\ndate = 2024-05-06T07:08:09Z\ntags = ['weather']\nslug = 'rain-again'\n+++\n\nBefore\n\n![A gate](gate.png \"The gate\") and ![far](https://a.my/x.jpg)\n";
const JEKYLL: &str = "---\nlayout: post\ntitle: \"Sun: all day\"\ndate: 2024-05-07 08:00:00 +0800\ncategories: [weather, Kota Baru]\n---\nIt shone. ![Gate](/img/gate.png)\n";
const GHOST: &str = "---\ntitle: About\nslug: about\ntype: page\nstatus: published\nfeature_image: img/gate.png\nfeature_image_alt: A gate\ncustom_excerpt: Who I am\n---\nMe.\n";
const BEAR: &str =
    "title: Short\nlink: short\npublished_date: 2024-05-08 10:00\ntags: a, b\n___\nText\n";

#[test]
fn a_folder_of_other_programs_is_imported_once() {
    on_both(&async |stage: &Stage<'_>| {
        stage.world.expect_jobs(posts::image::KIND);
        let mut farah = editor(stage).await;
        let gate = picture();
        let root = folder(&[
            ("content/rain/index.md", HUGO.as_bytes()),
            ("content/rain/gate.png", &gate),
            ("_posts/2024-05-07-sun.md", JEKYLL.as_bytes()),
            ("about.md", GHOST.as_bytes()),
            ("img/gate.png", &gate),
            ("short.md", BEAR.as_bytes()),
            (
                "drafts/plan.md",
                b"---\ndraft: true\n---\n# A plan\n\nLater",
            ),
            (".git/no.md", b"---\nno"),
        ]);
        let counts = import(stage, root.path(), true).await.unwrap();
        let expected = Counts {
            new: 5,
            pictures: 2,
            ..Counts::default()
        };
        assert_eq!(counts, expected);
        let nothing = farah.program.get(API).await.json();
        assert_eq!(nothing["items"], json!([]), "a dry run");
        assert_eq!(stage.world.files().len(), 0);

        assert_eq!(import(stage, root.path(), false).await.unwrap(), expected);
        let mut nobody = stage.visitor();
        let rain = nobody.get("/api/v1/blog/rain-again").await.json();
        assert_eq!(rain["title"], "Rain");
        assert_eq!(rain["tags"], json!(["weather"]));
        assert_eq!(rain["published_at"], "2024-05-06T07:08:09Z");
        let html = rain["html"].as_str().unwrap();
        assert!(
            html.contains("-30x20.jpg\" alt=\"A gate\"") && html.contains(" far</p>"),
            "{html}"
        );
        let sun = nobody.get("/api/v1/blog/sun").await.json();
        assert_eq!(sun["title"], "Sun: all day");
        assert_eq!(sun["published_at"], "2024-05-07T00:00:00Z");
        assert_eq!(sun["tags"], json!(["weather", "Kota Baru"]));
        let about = nobody.get("/api/v1/pages/about").await.json();
        assert_eq!(about["excerpt"], "Who I am");
        assert_eq!(about["image"]["alt"], "A gate");
        let short = nobody.get("/api/v1/blog/short").await.json();
        assert_eq!(short["tags"], json!(["a", "b"]));
        let items = farah.program.get(API).await.json();
        let plan = items["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|post| post["slug"] == "plan");
        assert_eq!(
            plan.map(|post| (&post["title"], &post["state"])),
            Some((&json!("A plan"), &json!("draft")))
        );

        let again = import(stage, root.path(), false).await.unwrap();
        assert_eq!((again.new, again.known), (0, 5));
    });
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_imported() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        farah.publish("Fine", "x").await;
        let large = "x".repeat(200_001);
        let (counts, remarks) = remarks(
            stage,
            &[
                ("a.md", b"---\ntitle: Fine\nauthor: Jane\n---\nText"),
                ("b.md", b"---\ntitle: \"Open\n---\nText"),
                (
                    "c.md",
                    b"---\ntitle: Pictures\ndate: some day\n---\n\nText\n\n![x](no.png)\n![y](y.png)",
                ),
                (
                    "d.md",
                    b"---\ntitle: Kind\nkind: poem\nslug: Not a slug\nauthor: Jane\n---\nText",
                ),
                ("e.md", b"\xff"),
                ("f.md", large.as_bytes()),
                ("g.html", b"<p>Text"),
                ("h.md", b"---\nid: x1\ntitle: H\n---\nText"),
                ("i.md", b"---\nslug: fine\n---\nText"),
                ("j.MD", b"Text"),
                ("y.png", b"<svg/>"),
            ],
        )
        .await;
        assert_eq!((counts.new, counts.left_out), (6, 4), "{remarks:#?}");
        let begins = [
            "a.md:3: author is not imported, and in another file",
            "b.md:2: ",
            "c.md:3: date is not a date: \"some day\"; imported as a draft",
            "c.md:8: there is no picture \"no.png\"",
            "c.md:9: y.png is not a picture",
            "d.md:3: kind is not imported",
            "d.md:4: slug \"Not a slug\" becomes \"not-a-slug\"",
            "e.md: this is not UTF-8; the file is not imported",
            "f.md:1: body: ",
            "g.html: html cannot be read; the file is not imported",
            "h.md:2: id is not imported",
            "i.md: another article has the slug \"fine\"; it becomes \"fine-2\"",
        ];
        for begin in begins {
            let mut lines = remarks.iter();
            assert!(
                lines.any(|line| line.starts_with(begin)),
                "{begin}: {remarks:#?}"
            );
        }
        assert_eq!(remarks.len(), begins.len(), "{remarks:#?}");
        let posts = posts(&mut farah).await;
        let slugs: Vec<_> = posts.keys().map(String::as_str).collect();
        assert_eq!(slugs, ["a", "c", "fine", "fine-2", "h", "j", "not-a-slug"]);
        assert_eq!(posts["c"]["state"], "draft");
        assert_eq!(posts["a"]["state"], "published");
    });
}

#[test]
fn what_does_not_fit_is_shortened_and_named() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        let tags: Vec<String> = (0..25).map(|at| format!("t{at}")).collect();
        let file = format!(
            "---\ntitle: {}\ndescription: {}\ntags: [{}, {}]\n---\nText",
            "title ".repeat(50),
            "word ".repeat(100),
            "x".repeat(41),
            tags.join(",")
        );
        let note = format!("---\nkind: note\n---\n{}", "x".repeat(1_001));
        let files: [(&str, &[u8]); 2] = [("a.md", file.as_bytes()), ("b.md", note.as_bytes())];
        let (counts, remarks) = remarks(stage, &files).await;
        assert_eq!((counts.new, remarks.len()), (2, 4), "{remarks:#?}");
        let tags = "left out: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx, t20, t21, t22, t23, t24";
        assert!(
            remarks.iter().any(|line| line.ends_with(tags)),
            "{remarks:#?}"
        );
        let posts = posts(&mut farah).await;
        let title = posts["a"]["title"].as_str().unwrap();
        assert!(title.ends_with("title…") && title.len() > 190, "{title}");
        let path = format!("{API}/{}", posts["a"]["id"].as_str().unwrap());
        let whole = farah.program.get(&path).await.json();
        assert!(whole["excerpt"].as_str().unwrap().ends_with("word…"));
        assert_eq!(whole["tags"].as_array().map(Vec::len), Some(20));
        assert_eq!(posts["b"]["kind"], "article");
    });
}

/// Front matter of other programs in which something says that the post is not public.
#[test]
fn no_draft_of_another_program_is_published() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        let files: [(&str, &[u8]); 8] = [
            ("quoted.md", b"---\ntitle: x\ndraft: \"true\"\n---\nBody"),
            ("json.md", b"{\n\"title\": \"x\",\n\"draft\": true\n}\nBody"),
            ("toml.md", b"+++\ntitle = 'x'\ndraft = 'yes'\n+++\nBody"),
            ("private.md", b"---\ntitle: x\nstatus: private\n---\nBody"),
            (
                "render.md",
                b"---\ntitle: x\n_build:\n  render: never\n---\nBody",
            ),
            ("pelican.md", b"Title: x\nStatus: draft\n\nBody"),
            (
                "secret/_index.md",
                b"---\ntitle: x\ncascade:\n  draft: true\n---\n",
            ),
            ("secret/a/one.md", b"---\ntitle: x\n---\nBody"),
        ];
        remarks(stage, &files).await;
        for (slug, post) in posts(&mut farah).await {
            assert_eq!(post["state"], "draft", "{slug}");
        }
        let files: [(&str, &[u8]); 2] = [
            (
                "later.md",
                b"---\ntitle: x\ndate: 2006-01-02\npublishDate: 2099-01-01\n---\nBody",
            ),
            (
                "mapped.md",
                b"---\ntitle: x\nheader:\n  actions:\n    - label: Go\n---\nBody",
            ),
        ];
        let (_, remarks) = remarks(stage, &files).await;
        let posts = posts(&mut farah).await;
        assert_eq!(posts["later"]["state"], "scheduled", "{remarks:?}");
        assert_eq!(posts["mapped"]["state"], "published", "{remarks:?}");
    });
}

#[test]
fn an_export_is_imported_and_exported_the_same() {
    on_both(&async |stage: &Stage<'_>| {
        stage.world.expect_jobs(posts::image::KIND);
        let gate = picture();
        let root = folder(&[
            ("rain/index.md", HUGO.as_bytes()),
            ("rain/gate.png", &gate),
            ("about.md", GHOST.as_bytes()),
            ("img/gate.png", &gate),
        ]);
        import(stage, root.path(), false).await.unwrap();
        let mut farah = editor(stage).await;
        let note =
            json!({"kind": "note", "body": "    code \"first\"\n\n# x", "state": "published"});
        farah.make(note).await;
        let gone = farah
            .publish("Gone \\ away", "![r][1]\n\n[1]: /blog/images/no-1x1.jpg")
            .await;
        farah
            .set(
                &gone,
                json!({"state": "withdrawn", "tags": ["a \"b\"", "c: d"]}),
            )
            .await
            .expect(200);
        farah
            .make(json!({"title": "Plan", "published_at": "2099-01-01T00:00:00Z"}))
            .await;
        let first = tempfile::tempdir().unwrap();
        markdown_folder::write(&stage.site, first.path())
            .await
            .unwrap();
        let exported = contents(first.path());
        let is_picture =
            |name: &&String| Path::new(name).extension().is_some_and(|end| end == "jpg");
        assert_eq!(exported.keys().filter(is_picture).count(), 2);

        // The test deletes the posts, so that the folder seems to come from another site.
        let erase = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            tx.run(sql!("DELETE FROM post_tag"), &[], Rows::Any)?;
            tx.run(sql!("DELETE FROM post_picture"), &[], Rows::Any)?;
            tx.run(sql!("DELETE FROM post_mailing"), &[], Rows::Any)?;
            tx.run(sql!("DELETE FROM post"), &[], Rows::Any)?;
            Ok(())
        };
        stage.site.store.write(erase).await.unwrap();
        // The folder refers to one picture that never existed. All others were exported.
        let missing = import_with_remarks(stage, first.path(), false).await;
        let missing = missing.unwrap().1;
        let is_missing = |one: &Remark| one.words.contains("no-1x1.jpg");
        assert!(missing.iter().any(is_missing), "{missing:?}");
        stage.site.store.write(erase).await.unwrap();
        fs::write(first.path().join("pictures/no-1x1.jpg"), picture()).unwrap();
        import(stage, first.path(), false).await.unwrap();
        let second = tempfile::tempdir().unwrap();
        markdown_folder::write(&stage.site, second.path())
            .await
            .unwrap();
        let third = tempfile::tempdir().unwrap();
        stage.site.store.write(erase).await.unwrap();
        import(stage, second.path(), false).await.unwrap();
        markdown_folder::write(&stage.site, third.path())
            .await
            .unwrap();
        assert_eq!(contents(second.path()), contents(third.path()));
        // Except for files that refer to the missing picture, both exports are identical.
        let second = contents(second.path());
        for (name, bytes) in exported.iter().filter(|(name, _)| !name.contains("gone")) {
            assert_eq!(second.get(name), Some(bytes), "{name}");
        }
        let full = markdown_folder::write(&stage.site, first.path()).await;
        assert!(full.unwrap_err().to_string().ends_with("is not empty"));
    });
}
