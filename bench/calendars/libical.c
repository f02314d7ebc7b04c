/* Reads calendar objects ("<bytes>\n<object>" each) and prints what libical makes of them:
   one line of tab-separated name=hex pairs, "errors" counting parse errors and broken
   restrictions (RFC 5545/5546, libical's own table). */
#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void field(const char *name, const char *value)
{
    printf("\t%s=", name);
    for (; value && *value; value++)
        printf("%02x", (unsigned char)*value);
}

static const char *text(icalcomponent *c, icalproperty_kind kind)
{
    icalproperty *p = icalcomponent_get_first_property(c, kind);
    icalvalue *v = p ? icalproperty_get_value(p) : NULL;
    if (!v)
        return NULL;
    return icalvalue_isa(v) == ICAL_TEXT_VALUE ? icalvalue_get_text(v)
                                               : icalvalue_as_ical_string(v);
}

static const char *parameter(icalcomponent *c, icalproperty_kind kind, const char *name)
{
    icalproperty *p = icalcomponent_get_first_property(c, kind);
    return p ? icalproperty_get_parameter_as_string(p, name) : NULL;
}

static const char *degrees(icalproperty *p)
{
    static char both[64];
    if (!p)
        return NULL;
    struct icalgeotype geo = icalproperty_get_geo(p);
    snprintf(both, sizeof both, "%.5f;%.5f", geo.lat, geo.lon);
    return both;
}

int main(void)
{
    long size;
    while (scanf("%ld", &size) == 1) {
        getchar();
        char *data = malloc(size + 1);
        if (!data || fread(data, 1, size, stdin) != (size_t)size)
            return 1;
        data[size] = 0;
        icalcomponent *all = icalparser_parse_string(data);
        if (!all)
            return 2;
        icalrestriction_check(all);
        icalcomponent *e = icalcomponent_get_first_component(all, ICAL_VEVENT_COMPONENT);
        printf("errors=%d", icalcomponent_count_errors(all));
        field("uid", text(e, ICAL_UID_PROPERTY));
        field("summary", text(e, ICAL_SUMMARY_PROPERTY));
        field("description", text(e, ICAL_DESCRIPTION_PROPERTY));
        field("location", text(e, ICAL_LOCATION_PROPERTY));
        field("sequence", text(e, ICAL_SEQUENCE_PROPERTY));
        field("dtstart", text(e, ICAL_DTSTART_PROPERTY));
        field("dtend", text(e, ICAL_DTEND_PROPERTY));
        field("dtstamp", text(e, ICAL_DTSTAMP_PROPERTY));
        field("organizer", text(e, ICAL_ORGANIZER_PROPERTY));
        field("attendee", text(e, ICAL_ATTENDEE_PROPERTY));
        field("method", text(all, ICAL_METHOD_PROPERTY));
        field("status", text(e, ICAL_STATUS_PROPERTY));
        field("class", text(e, ICAL_CLASS_PROPERTY));
        field("url", text(e, ICAL_URL_PROPERTY));
        field("geo", degrees(icalcomponent_get_first_property(e, ICAL_GEO_PROPERTY)));
        field("cn", parameter(e, ICAL_ORGANIZER_PROPERTY, "CN"));
        field("partstat", parameter(e, ICAL_ATTENDEE_PROPERTY, "PARTSTAT"));
        field("name", text(all, ICAL_NAME_PROPERTY));
        printf("\n");
        icalcomponent_free(all);
        free(data);
    }
    return 0;
}
