## Everybody: the page about what is up

status = Status
status-about = Sama ada { $site } dan bahagiannya berfungsi.
status-well = Semuanya berfungsi
status-troubled = Sebahagian tidak berfungsi
status-part = Bahagian
status-up = Berfungsi
status-down = Tidak berfungsi
status-not-saving = Halaman dipaparkan, tetapi tiada apa-apa dapat disimpan buat masa ini
status-since = Sejak { $when }
status-unknown = Keadaan bahagian lain tidak diketahui buat masa ini.
status-seen = Diperiksa { $when }
