/*
kind: figure
title: {zh: 整份拒收的文件, en: Files refused whole}
*/
SELECT count(DISTINCT sha256) AS file_count
FROM lake.quarantine.files
WHERE file_date = $data_date
