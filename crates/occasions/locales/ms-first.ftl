### Kata-kata majlis baharu sebelum tuan rumah menulis kata-kata sendiri.

date-to-follow-text = Kami akan bertanya siapa yang hadir sebaik sahaja harinya diketahui.
date-to-follow = Tarikh akan dimaklumkan
# The days of the events that a household is invited to.
cover-days = { $first } – { $last }
cover-days-both = { $first } dan { $last }
cover-days-more = { $first } dan { $n } hari lagi
card-back-host = Kembali ke halaman anda
new-names = { $one } dan { $other }
new-title-wedding = Majlis perkahwinan { $names }
new-title-engagement = Majlis pertunangan { $names }
new-title-birthday = Hari jadi { $names }
new-title-children = Parti untuk { $names }
new-title-naming = Majlis kesyukuran untuk { $names }
new-title-anniversary = Ulang tahun { $names }
new-title-kenduri = Rumah terbuka { $names }
new-title-company = Majlis { $names }
new-title-memorial = Mengenang { $names }
new-title-other = Majlis { $names }
new-kicker-wedding = Walimatulurus
new-kicker-engagement = Majlis pertunangan
new-kicker-birthday = Hari jadi
new-kicker-children = Jom raikan bersama
new-kicker-naming = Majlis kesyukuran
new-kicker-anniversary = Ulang tahun
new-kicker-kenduri = Rumah terbuka
new-kicker-memorial = Dalam kenangan
new-event-reception = Majlis resepsi
new-event-party = Majlis
new-event-service = Majlis doa
new-event-dinner = Makan malam

# What an invitation says while the hosts have written no words of their own.
invitation-wedding = Dengan segala hormatnya kami menjemput tuan/puan ke majlis perkahwinan kami.
invitation-engagement = Kami ingin menjemput anda ke majlis pertunangan kami.
invitation-birthday = Marilah meraikan hari lahir ini bersama kami.
invitation-children = Marilah ke parti kami!
invitation-naming = Marilah bersama kami menyambut cahaya mata kami.
invitation-anniversary = Marilah meraikan ulang tahun kami bersama-sama.
invitation-kenduri = Pintu rumah kami terbuka. Jemputlah datang makan bersama kami.
invitation-company = Kami menantikan kehadiran anda.
invitation-memorial = Kami menjemput tuan/puan bersama-sama kami mengenang insan tersayang.
invitation-other = Kami amat berbesar hati jika anda dapat bersama kami.
