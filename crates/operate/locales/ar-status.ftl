## Everybody: the page about what is up

status = الحالة
status-about = هل يعمل { $site } وأجزاؤه.
status-well = كل شيء يعمل
status-troubled = بعض الأجزاء لا تعمل
status-part = الجزء
status-up = يعمل
status-down = لا يعمل
status-not-saving = تُعرض الصفحات، لكن لا يمكن حفظ أي شيء حاليًا
status-since = منذ { $when }
status-unknown = لا يُعرف شيء عن الأجزاء الأخرى الآن.
status-seen = آخر فحص: { $when }
