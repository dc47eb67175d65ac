//! Posts in a folder of Markdown files.

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageFormat};
use platform::{Rows, StoreError, Tx, sql};
use posts::markdown_folder::{self, Counts, FolderError};
use serde_json::json;

use crate::stage::{API, Publishing, Stage, editor, on_both};

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
fn contents(root: &Path) -> BTreeMap<String, Vec<u8>> {
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
    let folder = markdown_folder::read(&stage.site, root).await?;
    markdown_folder::import(&stage.site, folder, is_dry).await
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
            known: 0,
            pictures: 2,
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
fn what_cannot_be_read_is_named_and_nothing_is_imported() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        let root = folder(&[
            ("a.md", b"---\ntitle: Fine\n---\nText"),
            ("b.md", b"---\ntitle: \"Open\n---\nText"),
            (
                "c.md",
                b"---\ntitle: Pictures\ndate: some day\n---\n\nText\n\n![x](no.png)\n![y](y.png)",
            ),
            (
                "d.md",
                b"---\ntitle: Kind\nkind: poem\nslug: Not a slug\n---\nText",
            ),
            ("y.png", b"<svg/>"),
        ]);
        let refused = import(stage, root.path(), false)
            .await
            .unwrap_err()
            .to_string();
        let lines: Vec<_> = refused.lines().collect();
        let begins = [
            "b.md:2: ",
            "c.md:3: \"some day\" is no date",
            "c.md:8: there is no picture \"no.png\"",
            "c.md:9: y.png is no picture",
            "d.md:3: \"poem\" is no kind",
            "d.md:4: \"Not a slug\" is no slug",
        ];
        for begin in begins {
            assert!(
                lines.iter().any(|line| line.starts_with(begin)),
                "{begin}: {refused}"
            );
        }
        assert_eq!(farah.program.get(API).await.json()["items"], json!([]));
        assert_eq!(stage.world.files().len(), 0);

        // Only the store detects that a slug is already taken, after all other checks.
        farah.publish("Fine", "x").await;
        let root = folder(&[
            ("one.md", b"---\ntitle: One\n---\nText"),
            ("two.md", b"---\ntitle: Two\nslug: fine\n---\nText"),
        ]);
        let refused = import(stage, root.path(), false)
            .await
            .unwrap_err()
            .to_string();
        assert_eq!(refused, "two.md: another article has the slug \"fine\"");
        assert_eq!(
            farah.program.get(API).await.json()["items"]
                .as_array()
                .map(Vec::len),
            Some(1)
        );
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
        let missing = import(stage, first.path(), false)
            .await
            .unwrap_err()
            .to_string();
        assert!(missing.contains("no-1x1.jpg"), "{missing}");
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
