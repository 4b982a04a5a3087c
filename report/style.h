/*
 * The style sheet of reports: light, dark and paper, from 320 pixels of width on.
 */
#ifndef QUERN_REPORT_STYLE_H
#define QUERN_REPORT_STYLE_H

/* CSS, the whole of the page's <style> element. */
extern const char *const style_sheet;

#endif
